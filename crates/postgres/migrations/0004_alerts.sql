-- What was found in a household. Open while it has not ended; what it is told with is JSON.
CREATE TABLE alert (
    id           uuid     PRIMARY KEY,
    household    uuid     NOT NULL REFERENCES household ON DELETE CASCADE,
    kind         text     NOT NULL,
    hub          uuid,
    socket       smallint CHECK (socket BETWEEN 0 AND 63),
    began        bigint   NOT NULL,
    raised       bigint   NOT NULL,
    ended        bigint,
    acknowledged bigint,
    facts        text     NOT NULL
);
-- No two open ones with the same key; without COALESCE those about a whole home or hub would never be the same.
CREATE UNIQUE INDEX alert_open ON alert (
    household, kind, COALESCE(hub, '00000000-0000-0000-0000-000000000000'::uuid), COALESCE(socket, (-1)::smallint)
) WHERE ended IS NULL;
CREATE INDEX alert_household ON alert (household);
CREATE INDEX alert_ended ON alert (ended) WHERE ended IS NOT NULL;

-- What is still to be sent. It is nobody's until it is due.
CREATE TABLE letter (
    id        uuid    PRIMARY KEY,
    household uuid    NOT NULL REFERENCES household ON DELETE CASCADE,
    channel   text    NOT NULL,
    recipient text    NOT NULL,
    subject   text    NOT NULL,
    body      text    NOT NULL,
    created   bigint  NOT NULL,
    attempts  bigint  NOT NULL,
    due       bigint  NOT NULL
);
CREATE INDEX letter_household ON letter (household);
CREATE INDEX letter_due ON letter (due, id);
