-- What people give to their own programs. A token ends with the membership that it is for.
CREATE TABLE personal_token (
    id          BLOB    PRIMARY KEY CHECK (length(id) = 16),
    person      BLOB    NOT NULL,
    household   BLOB    NOT NULL,
    name        TEXT    NOT NULL,
    -- Words with a space between them.
    scopes      TEXT    NOT NULL,
    secret_hash BLOB    NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
    created     INTEGER NOT NULL,
    expires     INTEGER,
    last_used   INTEGER,
    FOREIGN KEY (person, household) REFERENCES membership (person, household) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX personal_token_membership ON personal_token (person, household);
CREATE INDEX personal_token_expires ON personal_token (expires);
