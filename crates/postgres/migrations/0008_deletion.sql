-- What hubs measured for households that are gone. It outlives the household and says nothing of it but times of hubs.
CREATE TABLE erasure (
    id     uuid   PRIMARY KEY,
    hub    uuid   NOT NULL,
    since  bigint NOT NULL,
    until  bigint NOT NULL CHECK (until > since),
    -- From then on the hub may be another household's.
    tail   bigint NOT NULL CHECK (tail >= until),
    asked  bigint NOT NULL,
    rounds bigint NOT NULL DEFAULT 0,
    -- Without it, not again until the hub is paired.
    due    bigint
);
CREATE INDEX erasure_due ON erasure (due, id) WHERE due IS NOT NULL;
CREATE INDEX erasure_hub ON erasure (hub);

-- Of who goes, everything that was sent to the address goes too.
CREATE INDEX ticket_email ON ticket (email);
-- What somebody did, for the copy of their data.
CREATE INDEX audit_entry_by ON audit_entry (by, number) WHERE by IS NOT NULL;

-- The time step of the first code: since when the second factor is on. It is not known of those from before.
ALTER TABLE second_factor ADD COLUMN first_step bigint;
