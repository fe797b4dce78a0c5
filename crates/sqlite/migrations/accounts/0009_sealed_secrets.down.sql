-- The version before knows only secrets of 20 bytes, and a sealed one cannot be opened by the database: as long as anybody
-- has one, the constraint refuses.
CREATE TABLE kept_factor AS SELECT person, secret, step, first_step FROM second_factor;
CREATE TABLE kept_code AS SELECT person, hash FROM recovery_code;
DROP TABLE recovery_code;
DROP TABLE second_factor;

CREATE TABLE second_factor (
    person BLOB    PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    secret BLOB    NOT NULL CHECK (length(secret) = 20),
    -- The latest time step whose code was used. Without it the device has never shown one: it is not confirmed.
    step   INTEGER
) STRICT, WITHOUT ROWID;
-- By itself, as it came: SQLite keeps the very text of it.
ALTER TABLE second_factor ADD COLUMN first_step INTEGER;

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
