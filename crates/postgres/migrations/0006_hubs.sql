-- How hubs prove who they are. Of secrets and codes only SHA-256 is kept; a revoked credential stays, so that its secret
-- never becomes one again.
CREATE TABLE hub_credential (
    secret_hash  bytea   PRIMARY KEY CHECK (octet_length(secret_hash) = 32),
    hub          uuid    NOT NULL,
    serial       text,
    created      bigint  NOT NULL,
    revoked      bigint,
    -- Revoked, and its connections are closed for good.
    disconnected boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX hub_credential_valid ON hub_credential (hub) WHERE revoked IS NULL;
CREATE INDEX hub_credential_to_disconnect ON hub_credential (revoked) WHERE revoked IS NOT NULL AND NOT disconnected;

-- Hubs that wait for somebody to enter their code.
CREATE TABLE hub_pairing (
    secret_hash bytea  PRIMARY KEY CHECK (octet_length(secret_hash) = 32),
    code_hash   bytea  NOT NULL UNIQUE CHECK (octet_length(code_hash) = 32),
    hub         uuid   NOT NULL,
    serial      text,
    created     bigint NOT NULL,
    expires     bigint NOT NULL
);
CREATE INDEX hub_pairing_hub ON hub_pairing (hub);
CREATE INDEX hub_pairing_expires ON hub_pairing (expires);
