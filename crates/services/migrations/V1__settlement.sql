-- Settled orders, their ledger, their announcements, and the fence before all three.

-- One row: the epoch below which this database takes no more writes.
CREATE TABLE fence (
    single    boolean     PRIMARY KEY DEFAULT true CHECK (single),
    epoch     bigint      NOT NULL CHECK (epoch > 0),
    owner     text        NOT NULL,
    raised_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO fence (epoch, owner) VALUES (1, '');

-- Writes refused since the fence was raised last. A sequence, because it keeps its place when the
-- transaction of the refused writer is rolled back.
CREATE SEQUENCE fence_refusals;

CREATE TABLE orders (
    id              uuid        PRIMARY KEY,
    account         text        NOT NULL,
    symbol          text        NOT NULL,
    side            text        NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity        bigint      NOT NULL CHECK (quantity > 0),
    limit_price     numeric     NOT NULL CHECK (limit_price > 0),
    acknowledged_at timestamptz NOT NULL,
    settled_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_epoch   bigint      NOT NULL,
    settled_by      text        NOT NULL CHECK (settled_by IN ('queue', 'replay')),
    settled_region  text        NOT NULL
);
CREATE INDEX orders_acknowledged_at ON orders (acknowledged_at);

-- Double entry: two legs per order, and the legs of each asset sum to zero.
CREATE TABLE ledger (
    id       bigserial PRIMARY KEY,
    order_id uuid      NOT NULL REFERENCES orders,
    account  text      NOT NULL,
    balance  text      NOT NULL CHECK (balance IN ('available', 'reserved')),
    asset    text      NOT NULL,
    amount   numeric   NOT NULL,
    epoch    bigint    NOT NULL,
    UNIQUE (order_id, balance)
);

-- What others must be told, written with what it tells about.
CREATE TABLE outbox (
    id           bigserial   PRIMARY KEY,
    order_id     uuid        NOT NULL REFERENCES orders,
    kind         text        NOT NULL,
    payload      jsonb       NOT NULL,
    epoch        bigint      NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    published_at timestamptz,
    UNIQUE (order_id, kind)
);
CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at IS NULL;

-- A writer that forgets to ask the fence is refused all the same. The share lock holds until
-- its transaction ends, so the fence cannot rise between this check and the commit.
CREATE FUNCTION refuse_below_fence() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    raised bigint;
    lowest bigint;
BEGIN
    SELECT f.epoch INTO raised FROM public.fence f FOR SHARE;
    EXECUTE format('SELECT min(%I) FROM written', TG_ARGV[0]) INTO lowest;
    IF raised IS NULL OR lowest < raised THEN
        PERFORM nextval('public.fence_refusals');
        RAISE EXCEPTION 'epoch % lies below the fence at %', lowest, raised USING ERRCODE = 'SF001';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER fenced AFTER INSERT ON orders REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_below_fence('settled_epoch');
CREATE TRIGGER fenced AFTER INSERT ON ledger REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_below_fence('epoch');
CREATE TRIGGER fenced AFTER INSERT ON outbox REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_below_fence('epoch');

-- The fence only rises, and it never goes away.
CREATE FUNCTION keep_fence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.epoch > OLD.epoch THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the fence at % only rises', OLD.epoch USING ERRCODE = 'SF002';
END
$$;
CREATE TRIGGER only_rises BEFORE UPDATE OR DELETE ON fence
    FOR EACH ROW EXECUTE FUNCTION keep_fence();
