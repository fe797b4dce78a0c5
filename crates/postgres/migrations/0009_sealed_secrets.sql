-- The secrets of second factors are sealed: a version, a nonce of 12 bytes, 20 bytes, a tag of 16. Those of before are 20 bytes.
ALTER TABLE second_factor DROP CONSTRAINT second_factor_secret_check;
ALTER TABLE second_factor ADD CONSTRAINT second_factor_secret_check CHECK (octet_length(secret) IN (20, 49));
