-- Who was invited is written down by the invitation's id, so that the address goes with the invitation. The addresses of
-- before go: of `bob@example.org: guest` stays `: guest`, and of one that was withdrawn nothing.
ALTER TABLE audit_entry DISABLE TRIGGER audit_stays;
UPDATE audit_entry SET about = COALESCE(substring(about FROM ': (?:owner|member|guest)$'), '')
WHERE action IN ('member_invited', 'invitation_withdrawn');
ALTER TABLE audit_entry ENABLE TRIGGER audit_stays;

-- The version before works: what it writes loses its address on the way in.
CREATE FUNCTION audit_without_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.about := COALESCE(substring(NEW.about FROM ': (?:owner|member|guest)$'), '');
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_without_address BEFORE INSERT ON audit_entry
FOR EACH ROW WHEN (NEW.action IN ('member_invited', 'invitation_withdrawn') AND NEW.about LIKE '%@%')
EXECUTE FUNCTION audit_without_address();
