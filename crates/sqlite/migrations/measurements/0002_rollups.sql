-- A UTC day of a hub in quarter hours. Kept for ever.
CREATE TABLE rollup_day (
    hub BLOB NOT NULL CHECK (length(hub) = 16),
    -- Days since the Unix epoch.
    day INTEGER NOT NULL,
    -- How many of its 96 quarter hours are rolled up.
    quarters INTEGER NOT NULL CHECK (quarters BETWEEN 0 AND 96),
    -- Packed as `domain::rollup` says. The power comes last: SQLite reads a row from its front, page by page, so
    -- that a question about energy leaves the pages of the power alone.
    energy BLOB NOT NULL,
    power BLOB NOT NULL,
    PRIMARY KEY (hub, day)
) STRICT, WITHOUT ROWID;

-- Days for which late ticks came. A settled mark is gone.
CREATE TABLE stale_day (
    hub BLOB NOT NULL CHECK (length(hub) = 16),
    day INTEGER NOT NULL,
    -- Tells marks of the same day apart.
    nonce INTEGER NOT NULL,
    PRIMARY KEY (hub, day, nonce)
) STRICT, WITHOUT ROWID;
