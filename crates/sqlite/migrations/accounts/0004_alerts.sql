-- What was found in a household. Open while it has not ended; what it is told with is JSON.
CREATE TABLE alert (
    id           BLOB    PRIMARY KEY CHECK (length(id) = 16),
    household    BLOB    NOT NULL REFERENCES household ON DELETE CASCADE,
    kind         TEXT    NOT NULL,
    hub          BLOB    CHECK (length(hub) = 16),
    socket       INTEGER CHECK (socket BETWEEN 0 AND 63),
    began        INTEGER NOT NULL,
    raised       INTEGER NOT NULL,
    ended        INTEGER,
    acknowledged INTEGER,
    facts        TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
-- No two open ones with the same key; without COALESCE those about a whole home or hub would never be the same.
CREATE UNIQUE INDEX alert_open ON alert (household, kind, COALESCE(hub, x''), COALESCE(socket, -1)) WHERE ended IS NULL;
CREATE INDEX alert_household ON alert (household);
CREATE INDEX alert_ended ON alert (ended) WHERE ended IS NOT NULL;

-- What is still to be sent. It is nobody's until it is due.
CREATE TABLE letter (
    id        BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    household BLOB    NOT NULL REFERENCES household ON DELETE CASCADE,
    channel   TEXT    NOT NULL,
    recipient TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    body      TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    attempts  INTEGER NOT NULL,
    due       INTEGER NOT NULL
) STRICT;
CREATE INDEX letter_household ON letter (household);
CREATE INDEX letter_due ON letter (due, id);
