CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE person (
    id            uuid PRIMARY KEY,
    email         text NOT NULL CONSTRAINT person_email_taken UNIQUE,
    name          text NOT NULL,
    password_hash text NOT NULL
);

CREATE TABLE session (
    secret_hash bytea  PRIMARY KEY CHECK (octet_length(secret_hash) = 32),
    person      uuid   NOT NULL REFERENCES person ON DELETE CASCADE,
    created     bigint NOT NULL,
    expires     bigint NOT NULL
);
CREATE INDEX session_person ON session (person);
CREATE INDEX session_expires ON session (expires);

CREATE TABLE household (
    id   uuid PRIMARY KEY,
    name text NOT NULL,
    zone text NOT NULL
);

CREATE TABLE membership (
    person    uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    household uuid NOT NULL REFERENCES household ON DELETE CASCADE,
    role      text NOT NULL CHECK (role IN ('owner', 'member', 'guest')),
    PRIMARY KEY (person, household)
);
CREATE INDEX membership_household ON membership (household);

-- Times are milliseconds since the Unix epoch; no `until` means that the assignment is running.
CREATE TABLE hub_assignment (
    hub       uuid   NOT NULL,
    household uuid   NOT NULL REFERENCES household ON DELETE CASCADE,
    name      text   NOT NULL,
    since     bigint NOT NULL,
    until     bigint CHECK (until > since),
    PRIMARY KEY (hub, since),
    CONSTRAINT hub_in_one_household EXCLUDE USING gist (hub WITH =, int8range(since, until) WITH &&)
);
CREATE UNIQUE INDEX hub_running ON hub_assignment (hub) WHERE until IS NULL;
CREATE INDEX hub_assignment_household ON hub_assignment (household, since);

CREATE TABLE socket_label (
    household uuid     NOT NULL REFERENCES household ON DELETE CASCADE,
    hub       uuid     NOT NULL,
    number    smallint NOT NULL CHECK (number BETWEEN 0 AND 63),
    name      text     NOT NULL,
    room      text,
    icon      text,
    PRIMARY KEY (household, hub, number)
);
