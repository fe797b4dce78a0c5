-- What ends does so long after the suites, which forget what has ended before them.
INSERT INTO person (id, email, name, password_hash) VALUES
    ('00000000-0000-0000-0000-000000000001', 'ada@example.org', 'Ada', 'hash of Ada'),
    ('00000000-0000-0000-0000-000000000002', 'bob@example.org', 'Zoë Müller', 'hash of Bob');
INSERT INTO session (secret_hash, person, created, expires) VALUES
    (decode(repeat('11', 32), 'hex'), '00000000-0000-0000-0000-000000000001', 1000, 9000000000000000);
INSERT INTO household (id, name, zone) VALUES
    ('00000000-0000-0000-0000-0000000000a1', 'Home', 'Europe/Berlin'),
    ('00000000-0000-0000-0000-0000000000a2', 'Shed', 'UTC');
INSERT INTO membership (person, household, role) VALUES
    ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-0000000000a1', 'owner'),
    ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-0000000000a1', 'guest'),
    ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-0000000000a2', 'owner');
INSERT INTO hub_assignment (hub, household, name, since, until) VALUES
    ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1', 'Cellar', 0, 100),
    ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a2', 'Roof', 100, NULL);
INSERT INTO socket_label (household, hub, number, name, room, icon) VALUES
    ('00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-0000000000b1', 63, 'Fridge', 'Kitchen', NULL);
