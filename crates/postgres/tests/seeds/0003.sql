INSERT INTO personal_token (id, person, household, name, scopes, secret_hash, created, expires, last_used) VALUES
    ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-000000000001',
     '00000000-0000-0000-0000-0000000000a1', 'Home Assistant', 'usage live', decode(repeat('22', 32), 'hex'), 1, NULL, 5);
