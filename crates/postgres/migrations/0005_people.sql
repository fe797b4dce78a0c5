ALTER TABLE session ADD COLUMN client text NOT NULL DEFAULT '';
-- With a default, so that who does not know the column yet can still open sessions.
ALTER TABLE session ADD COLUMN last_used bigint NOT NULL DEFAULT 0;
UPDATE session SET last_used = created;

-- Without `until`, until somebody ends it.
ALTER TABLE membership ADD COLUMN until bigint;
ALTER TABLE membership ADD CONSTRAINT owner_without_end CHECK (role <> 'owner' OR until IS NULL);
CREATE INDEX membership_until ON membership (until) WHERE until IS NOT NULL;

-- Links that are sent by e-mail. Which columns have something is a matter of the kind.
CREATE TABLE ticket (
    secret_hash bytea  PRIMARY KEY CHECK (octet_length(secret_hash) = 32),
    kind        text   NOT NULL CHECK (kind IN ('sign-up', 'reset', 'change-email', 'invitation')),
    email       text   NOT NULL,
    created     bigint NOT NULL,
    expires     bigint NOT NULL,
    -- Whose it is.
    person      uuid   REFERENCES person ON DELETE CASCADE,
    -- Of who signs up.
    name        text,
    -- Of an invitation. Who invited may be gone.
    household   uuid   REFERENCES household ON DELETE CASCADE,
    role        text   CHECK (role IN ('owner', 'member', 'guest')),
    until       bigint,
    by          uuid
);
-- One takes the place of another; without COALESCE those about nobody would never be the same.
CREATE UNIQUE INDEX ticket_place ON ticket (
    email, kind,
    COALESCE(person, '00000000-0000-0000-0000-000000000000'::uuid),
    COALESCE(household, '00000000-0000-0000-0000-000000000000'::uuid)
);
CREATE INDEX ticket_person ON ticket (person) WHERE person IS NOT NULL;
CREATE INDEX ticket_household ON ticket (household, created) WHERE household IS NOT NULL;
CREATE INDEX ticket_expires ON ticket (expires);

CREATE TABLE second_factor (
    person uuid  PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    secret bytea NOT NULL CHECK (octet_length(secret) = 20),
    -- The latest time step whose code was used. Without it the device has never shown one: it is not confirmed.
    step   bigint
);

-- Those that are left.
CREATE TABLE recovery_code (
    person uuid  NOT NULL REFERENCES second_factor ON DELETE CASCADE,
    hash   bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (person, hash)
);

-- Who did what. `by` stays when the person is gone.
CREATE TABLE audit_entry (
    number    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    household uuid   NOT NULL REFERENCES household ON DELETE CASCADE,
    at        bigint NOT NULL,
    by        uuid,
    action    text   NOT NULL,
    about     text   NOT NULL
);
CREATE INDEX audit_entry_household ON audit_entry (household, number);

CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The cascade comes when the household is gone already; who deletes entries themselves finds it there.
    IF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM household WHERE id = OLD.household) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit_stays';
END
$$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit_entry
FOR EACH ROW EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_stays_as_a_whole BEFORE TRUNCATE ON audit_entry
FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();
