-- By which accounts at providers of identities a person may log in.
CREATE TABLE identity (
    id        BLOB    PRIMARY KEY CHECK (length(id) = 16),
    person    BLOB    NOT NULL REFERENCES person ON DELETE CASCADE,
    issuer    TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    -- What the account was called there, to tell it from others.
    label     TEXT    NOT NULL,
    connected INTEGER NOT NULL,
    UNIQUE (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_person ON identity (person, connected);

-- Log-ins that are on their way to a provider and back.
CREATE TABLE provider_flow (
    secret_hash BLOB    PRIMARY KEY CHECK (length(secret_hash) = 32),
    provider    TEXT    NOT NULL,
    aim         TEXT    NOT NULL CHECK (aim IN ('log-in', 'connect', 'code')),
    -- Whom it is about, where that is known.
    person      BLOB    REFERENCES person ON DELETE CASCADE CHECK ((person IS NULL) = (aim = 'log-in')),
    -- The hash of the session that connects.
    session     BLOB    CHECK ((session IS NOT NULL) = (aim = 'connect')),
    expires     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX provider_flow_expires ON provider_flow (expires);
CREATE INDEX provider_flow_person ON provider_flow (person) WHERE person IS NOT NULL;
