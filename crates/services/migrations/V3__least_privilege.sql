-- What the functions need so that each can log in as a user of its own, with its own few rights.

-- Holding the fence locks its row, and a lock needs the right to write what it locks, which only
-- recovery has. Whoever settles holds it through this: with its owner's right, and nothing else of it.
CREATE FUNCTION hold_fence() RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held bigint;
BEGIN
    SELECT f.epoch INTO STRICT held FROM public.fence f FOR SHARE;
    RETURN held;
END
$$;

-- The trigger that refuses writes below the fence holds it too, and counts its refusals.
ALTER FUNCTION refuse_below_fence() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;

-- One row: how many shards a minute of the journal has. Where an order is kept follows from it, so it
-- stays as the first deployment set it.
CREATE TABLE journal_shape (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    shards integer NOT NULL CHECK (shards > 0)
);
