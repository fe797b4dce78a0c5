ALTER TABLE session ADD COLUMN client TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN last_used INTEGER NOT NULL DEFAULT 0;
UPDATE session SET last_used = created;

-- Without `until`, until somebody ends it.
ALTER TABLE membership ADD COLUMN until INTEGER CHECK (role <> 'owner' OR until IS NULL);
CREATE INDEX membership_until ON membership (until) WHERE until IS NOT NULL;

-- Links that are sent by e-mail. Which columns have something is a matter of the kind.
CREATE TABLE ticket (
    secret_hash BLOB    PRIMARY KEY CHECK (length(secret_hash) = 32),
    kind        TEXT    NOT NULL CHECK (kind IN ('sign-up', 'reset', 'change-email', 'invitation')),
    email       TEXT    NOT NULL,
    created     INTEGER NOT NULL,
    expires     INTEGER NOT NULL,
    -- Whose it is.
    person      BLOB    REFERENCES person ON DELETE CASCADE,
    -- Of who signs up.
    name        TEXT,
    -- Of an invitation. Who invited may be gone.
    household   BLOB    REFERENCES household ON DELETE CASCADE,
    role        TEXT    CHECK (role IN ('owner', 'member', 'guest')),
    until       INTEGER,
    by          BLOB    CHECK (length(by) = 16)
) STRICT, WITHOUT ROWID;
-- One takes the place of another; without COALESCE those about nobody would never be the same.
CREATE UNIQUE INDEX ticket_place ON ticket (email, kind, COALESCE(person, x''), COALESCE(household, x''));
CREATE INDEX ticket_person ON ticket (person) WHERE person IS NOT NULL;
CREATE INDEX ticket_household ON ticket (household, created) WHERE household IS NOT NULL;
CREATE INDEX ticket_expires ON ticket (expires);

CREATE TABLE second_factor (
    person BLOB    PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    secret BLOB    NOT NULL CHECK (length(secret) = 20),
    -- The latest time step whose code was used. Without it the device has never shown one: it is not confirmed.
    step   INTEGER
) STRICT, WITHOUT ROWID;

-- Those that are left.
CREATE TABLE recovery_code (
    person BLOB NOT NULL REFERENCES second_factor ON DELETE CASCADE,
    hash   BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (person, hash)
) STRICT, WITHOUT ROWID;

-- Who did what. `by` stays when the person is gone. A number is never given twice.
CREATE TABLE audit_entry (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    household BLOB    NOT NULL REFERENCES household ON DELETE CASCADE,
    at        INTEGER NOT NULL,
    by        BLOB    CHECK (length(by) = 16),
    action    TEXT    NOT NULL,
    about     TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_entry_household ON audit_entry (household, number);

CREATE TRIGGER audit_stays_unchanged BEFORE UPDATE ON audit_entry
BEGIN
    SELECT RAISE(ABORT, 'audit_stays');
END;

-- The cascade comes when the household is gone already; who deletes entries themselves finds it there.
CREATE TRIGGER audit_stays_there BEFORE DELETE ON audit_entry
WHEN EXISTS (SELECT 1 FROM household WHERE id = OLD.household)
BEGIN
    SELECT RAISE(ABORT, 'audit_stays');
END;

-- What REPLACE deletes no trigger sees.
CREATE TRIGGER audit_stays_in_place BEFORE INSERT ON audit_entry
WHEN EXISTS (SELECT 1 FROM audit_entry WHERE number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'audit_stays');
END;
