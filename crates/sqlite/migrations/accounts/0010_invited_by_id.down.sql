-- Addresses of people who were invited stay cleared out of the audit: they were to be forgotten. Where they were the version
-- before shows the ids of invitations, and it writes addresses down again.
DROP TRIGGER audit_without_address;
