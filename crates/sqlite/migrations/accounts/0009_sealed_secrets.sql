-- The secrets of second factors are sealed: a version, a nonce of 12 bytes, 20 bytes, a tag of 16. Those of before are 20 bytes.
-- A constraint cannot be changed here, and what refers to a table goes with it: both are made anew.
CREATE TABLE kept_factor AS SELECT person, secret, step, first_step FROM second_factor;
CREATE TABLE kept_code AS SELECT person, hash FROM recovery_code;
DROP TABLE recovery_code;
DROP TABLE second_factor;

CREATE TABLE second_factor (
    person BLOB    PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    secret BLOB    NOT NULL CHECK (length(secret) IN (20, 49)),
    -- The latest time step whose code was used. Without it the device has never shown one: it is not confirmed.
    step   INTEGER,
    -- That of the first code: since when it is on. It is not known of those from before this was kept.
    first_step INTEGER
) STRICT, WITHOUT ROWID;

-- Those that are left.
CREATE TABLE recovery_code (
    person BLOB NOT NULL REFERENCES second_factor ON DELETE CASCADE,
    hash   BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (person, hash)
) STRICT, WITHOUT ROWID;

INSERT INTO second_factor (person, secret, step, first_step)
    SELECT person, secret, step, first_step FROM kept_factor;
INSERT INTO recovery_code (person, hash) SELECT person, hash FROM kept_code;
DROP TABLE kept_code;
DROP TABLE kept_factor;
