-- By which accounts at providers of identities a person may log in.
CREATE TABLE identity (
    id        uuid   PRIMARY KEY,
    person    uuid   NOT NULL REFERENCES person ON DELETE CASCADE,
    issuer    text   NOT NULL,
    subject   text   NOT NULL,
    -- What the account was called there, to tell it from others.
    label     text   NOT NULL,
    connected bigint NOT NULL,
    CONSTRAINT identity_once UNIQUE (issuer, subject)
);
CREATE INDEX identity_person ON identity (person, connected);

-- Log-ins that are on their way to a provider and back.
CREATE TABLE provider_flow (
    secret_hash bytea  PRIMARY KEY CHECK (octet_length(secret_hash) = 32),
    provider    text   NOT NULL,
    aim         text   NOT NULL CHECK (aim IN ('log-in', 'connect', 'code')),
    -- Whom it is about, where that is known.
    person      uuid   REFERENCES person ON DELETE CASCADE CHECK ((person IS NULL) = (aim = 'log-in')),
    -- The hash of the session that connects.
    session     bytea  CHECK ((session IS NOT NULL) = (aim = 'connect')),
    expires     bigint NOT NULL
);
CREATE INDEX provider_flow_expires ON provider_flow (expires);
CREATE INDEX provider_flow_person ON provider_flow (person) WHERE person IS NOT NULL;
