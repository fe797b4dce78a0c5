-- The version before knows only secrets of 20 bytes, and a sealed one cannot be opened by the database: as long as anybody
-- has one, the constraint refuses.
ALTER TABLE second_factor DROP CONSTRAINT second_factor_secret_check;
ALTER TABLE second_factor ADD CONSTRAINT second_factor_secret_check CHECK (octet_length(secret) = 20);
