-- What people give to their own programs. A token ends with the membership that it is for.
CREATE TABLE personal_token (
    id          uuid   PRIMARY KEY,
    person      uuid   NOT NULL,
    household   uuid   NOT NULL,
    name        text   NOT NULL,
    -- Words with a space between them.
    scopes      text   NOT NULL,
    secret_hash bytea  NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
    created     bigint NOT NULL,
    expires     bigint,
    last_used   bigint,
    FOREIGN KEY (person, household) REFERENCES membership (person, household) ON DELETE CASCADE
);
CREATE INDEX personal_token_membership ON personal_token (person, household);
CREATE INDEX personal_token_expires ON personal_token (expires);
