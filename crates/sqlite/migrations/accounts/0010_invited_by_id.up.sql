-- Who was invited is written down by the invitation's id, so that the address goes with the invitation. The addresses of
-- before go: of `bob@example.org: guest` stays `: guest`, and of one that was withdrawn nothing.
DROP TRIGGER audit_stays_unchanged;
UPDATE audit_entry SET about = CASE
    WHEN about LIKE '%: owner' THEN ': owner'
    WHEN about LIKE '%: member' THEN ': member'
    WHEN about LIKE '%: guest' THEN ': guest'
    ELSE '' END
WHERE action IN ('member_invited', 'invitation_withdrawn');
-- By itself, as it came: SQLite keeps the very text of it.
CREATE TRIGGER audit_stays_unchanged BEFORE UPDATE ON audit_entry
BEGIN
    SELECT RAISE(ABORT, 'audit_stays');
END;

-- The version before works: what it writes loses its address on the way in. A row cannot be changed before it is there, so
-- another takes its place.
CREATE TRIGGER audit_without_address BEFORE INSERT ON audit_entry
WHEN NEW.action IN ('member_invited', 'invitation_withdrawn') AND NEW.about LIKE '%@%'
BEGIN
    INSERT INTO audit_entry (household, at, by, action, about) VALUES (
        NEW.household, NEW.at, NEW.by, NEW.action, CASE
            WHEN NEW.about LIKE '%: owner' THEN ': owner'
            WHEN NEW.about LIKE '%: member' THEN ': member'
            WHEN NEW.about LIKE '%: guest' THEN ': guest'
            ELSE '' END
    );
    SELECT RAISE(IGNORE);
END;
