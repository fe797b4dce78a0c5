-- One row per hub and tick. Hub first: a question is about one hub and a range of time.
CREATE TABLE tick (
    hub BLOB NOT NULL CHECK (length(hub) = 16),
    -- UTC, in ms since the epoch.
    start INTEGER NOT NULL,
    -- In ms.
    length INTEGER NOT NULL,
    -- Bit n is set when socket n has a value; the 64 bits of an unsigned number.
    sockets INTEGER NOT NULL,
    -- A value per set bit, lowest socket first, each a zigzag varint.
    joules BLOB NOT NULL,
    PRIMARY KEY (hub, start)
) STRICT, WITHOUT ROWID;
