INSERT INTO hub_credential (secret_hash, hub, serial, created, revoked, disconnected) VALUES
    (decode(repeat('51', 32), 'hex'), '00000000-0000-0000-0000-0000000000b1', 'W-1', 1, NULL, false),
    (decode(repeat('52', 32), 'hex'), '00000000-0000-0000-0000-0000000000b1', NULL, 1, 2, true);
INSERT INTO hub_pairing (secret_hash, code_hash, hub, serial, created, expires) VALUES
    (decode(repeat('53', 32), 'hex'), decode(repeat('54', 32), 'hex'), '00000000-0000-0000-0000-0000000000b2', 'W-2', 1, 9000000000000000);
