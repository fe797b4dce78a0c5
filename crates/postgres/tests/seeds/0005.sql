INSERT INTO session (secret_hash, person, created, expires, client, last_used) VALUES
    (decode(repeat('12', 32), 'hex'), '00000000-0000-0000-0000-000000000002', 1, 9000000000000000, 'Firefox', 8);
UPDATE membership SET until = 9000000000000000 WHERE role = 'guest';
INSERT INTO ticket (secret_hash, kind, email, created, expires, person, name, household, role, until, by) VALUES
    (decode(repeat('31', 32), 'hex'), 'sign-up', 'eve@example.org', 1, 9000000000000000, NULL, 'Eve', NULL, NULL, NULL, NULL),
    (decode(repeat('32', 32), 'hex'), 'reset', 'ada@example.org', 1, 9000000000000000, '00000000-0000-0000-0000-000000000001', NULL, NULL,
     NULL, NULL, NULL),
    (decode(repeat('33', 32), 'hex'), 'invitation', 'eve@example.org', 1, 9000000000000000, NULL, NULL,
     '00000000-0000-0000-0000-0000000000a1', 'member', 9000000000000000, '00000000-0000-0000-0000-000000000001');
INSERT INTO second_factor (person, secret, step) VALUES
    ('00000000-0000-0000-0000-000000000001', decode(repeat('41', 20), 'hex'), 60000000);
INSERT INTO recovery_code (person, hash) VALUES
    ('00000000-0000-0000-0000-000000000001', decode(repeat('42', 32), 'hex'));
INSERT INTO audit_entry (household, at, by, action, about) VALUES
    ('00000000-0000-0000-0000-0000000000a1', 1, '00000000-0000-0000-0000-000000000001', 'household-founded', 'Home'),
    ('00000000-0000-0000-0000-0000000000a1', 2, NULL, 'household-renamed', 'House');
