-- What a household has set for its home, as JSON. Without a row it never has: revision 0.
-- Text and not jsonb: nothing is looked for in it, and it comes back as it was given.
CREATE TABLE home_settings (
    household uuid   PRIMARY KEY REFERENCES household ON DELETE CASCADE,
    -- How many times it was set.
    revision  bigint NOT NULL CHECK (revision > 0),
    settings  text   NOT NULL
);

ALTER TABLE socket_label ADD COLUMN hidden boolean NOT NULL DEFAULT false;
