-- How hubs prove who they are. Of secrets and codes only SHA-256 is kept; a revoked credential stays, so that its secret
-- never becomes one again.
CREATE TABLE hub_credential (
    secret_hash  BLOB    PRIMARY KEY CHECK (length(secret_hash) = 32),
    hub          BLOB    NOT NULL CHECK (length(hub) = 16),
    serial       TEXT,
    created      INTEGER NOT NULL,
    revoked      INTEGER,
    -- Revoked, and its connections are closed for good.
    disconnected INTEGER NOT NULL DEFAULT 0 CHECK (disconnected IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX hub_credential_valid ON hub_credential (hub) WHERE revoked IS NULL;
CREATE INDEX hub_credential_to_disconnect ON hub_credential (revoked) WHERE revoked IS NOT NULL AND disconnected = 0;

-- Hubs that wait for somebody to enter their code.
CREATE TABLE hub_pairing (
    secret_hash BLOB    PRIMARY KEY CHECK (length(secret_hash) = 32),
    code_hash   BLOB    NOT NULL UNIQUE CHECK (length(code_hash) = 32),
    hub         BLOB    NOT NULL CHECK (length(hub) = 16),
    serial      TEXT,
    created     INTEGER NOT NULL,
    expires     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX hub_pairing_hub ON hub_pairing (hub);
CREATE INDEX hub_pairing_expires ON hub_pairing (expires);
