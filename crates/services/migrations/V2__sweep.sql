-- One row: every order whose id was made before this, in milliseconds since the Unix epoch, has been
-- looked at by the sweep and was settled or queued again. Absent until the first sweep.
CREATE TABLE sweep (
    single           boolean PRIMARY KEY DEFAULT true CHECK (single),
    swept_through_ms bigint  NOT NULL CHECK (swept_through_ms >= 0)
);
