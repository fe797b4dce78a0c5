INSERT INTO alert (id, household, kind, hub, socket, began, raised, ended, acknowledged, facts) VALUES
    ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a1', 'budget', NULL, NULL, 1, 2, NULL, NULL, '{}'),
    ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-0000000000a1', 'silent',
     '00000000-0000-0000-0000-0000000000b1', 3, 1, 2, 9000000000000000, 4, '{"joules": 1}');
INSERT INTO letter (id, household, channel, recipient, subject, body, created, attempts, due) VALUES
    ('00000000-0000-0000-0000-0000000000e1', '00000000-0000-0000-0000-0000000000a1', 'email', 'ada@example.org', 'Budget',
     'It will cost more.', 1, 2, 9000000000000000);
