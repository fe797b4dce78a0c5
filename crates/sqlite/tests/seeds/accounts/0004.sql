INSERT INTO alert (id, household, kind, hub, socket, began, raised, ended, acknowledged, facts) VALUES
    (x'000000000000000000000000000000d1', x'000000000000000000000000000000a1', 'budget', NULL, NULL, 1, 2, NULL, NULL, '{}'),
    (x'000000000000000000000000000000d2', x'000000000000000000000000000000a1', 'silent',
     x'000000000000000000000000000000b1', 3, 1, 2, 9000000000000000, 4, '{"joules": 1}');
INSERT INTO letter (id, household, channel, recipient, subject, body, created, attempts, due) VALUES
    (x'000000000000000000000000000000e1', x'000000000000000000000000000000a1', 'email', 'ada@example.org', 'Budget',
     'It will cost more.', 1, 2, 9000000000000000);
