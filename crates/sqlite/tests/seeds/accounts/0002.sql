INSERT INTO home_settings (household, revision, settings) VALUES
    (x'000000000000000000000000000000a1', 7, '{"tariffs": []}');
INSERT INTO socket_label (household, hub, number, name, room, icon, hidden) VALUES
    (x'000000000000000000000000000000a1', x'000000000000000000000000000000b1', 0, 'Lamp', NULL, 'lamp', 1);
