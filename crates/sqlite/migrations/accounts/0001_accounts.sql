-- Ids are 16 bytes; times are milliseconds since the Unix epoch.
CREATE TABLE person (
    id            BLOB PRIMARY KEY CHECK (length(id) = 16),
    email         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    secret_hash BLOB    PRIMARY KEY CHECK (length(secret_hash) = 32),
    person      BLOB    NOT NULL REFERENCES person ON DELETE CASCADE,
    created     INTEGER NOT NULL,
    expires     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_person ON session (person);
CREATE INDEX session_expires ON session (expires);

CREATE TABLE household (
    id   BLOB PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL,
    zone TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE membership (
    person    BLOB NOT NULL REFERENCES person ON DELETE CASCADE,
    household BLOB NOT NULL REFERENCES household ON DELETE CASCADE,
    role      TEXT NOT NULL CHECK (role IN ('owner', 'member', 'guest')),
    PRIMARY KEY (person, household)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_household ON membership (household);

-- No `until` means that the assignment is running.
CREATE TABLE hub_assignment (
    hub       BLOB    NOT NULL CHECK (length(hub) = 16),
    household BLOB    NOT NULL REFERENCES household ON DELETE CASCADE,
    name      TEXT    NOT NULL,
    since     INTEGER NOT NULL,
    until     INTEGER CHECK (until > since),
    PRIMARY KEY (hub, since)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX hub_running ON hub_assignment (hub) WHERE until IS NULL;
CREATE INDEX hub_assignment_household ON hub_assignment (household, since);

-- The index above speaks of the present only; these hold the same for the past.
CREATE TRIGGER hub_in_one_household_insert BEFORE INSERT ON hub_assignment
WHEN EXISTS (
    SELECT 1 FROM hub_assignment AS other
    WHERE other.hub = NEW.hub
      AND (other.until IS NULL OR NEW.since < other.until)
      AND (NEW.until IS NULL OR other.since < NEW.until)
)
BEGIN
    SELECT RAISE(ABORT, 'hub_in_one_household');
END;

CREATE TRIGGER hub_in_one_household_update BEFORE UPDATE OF hub, since, until ON hub_assignment
WHEN EXISTS (
    SELECT 1 FROM hub_assignment AS other
    WHERE other.hub = NEW.hub
      AND NOT (other.hub = OLD.hub AND other.since = OLD.since)
      AND (other.until IS NULL OR NEW.since < other.until)
      AND (NEW.until IS NULL OR other.since < NEW.until)
)
BEGIN
    SELECT RAISE(ABORT, 'hub_in_one_household');
END;

CREATE TABLE socket_label (
    household BLOB    NOT NULL REFERENCES household ON DELETE CASCADE,
    hub       BLOB    NOT NULL CHECK (length(hub) = 16),
    number    INTEGER NOT NULL CHECK (number BETWEEN 0 AND 63),
    name      TEXT    NOT NULL,
    room      TEXT,
    icon      TEXT,
    PRIMARY KEY (household, hub, number)
) STRICT, WITHOUT ROWID;
