-- What a household has set for its home, as JSON. Without a row it never has: revision 0.
CREATE TABLE home_settings (
    household BLOB    PRIMARY KEY REFERENCES household ON DELETE CASCADE,
    -- How many times it was set.
    revision  INTEGER NOT NULL CHECK (revision > 0),
    settings  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE socket_label ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1));
