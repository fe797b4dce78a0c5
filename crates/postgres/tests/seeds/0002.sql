INSERT INTO home_settings (household, revision, settings) VALUES
    ('00000000-0000-0000-0000-0000000000a1', 7, '{"tariffs": []}');
INSERT INTO socket_label (household, hub, number, name, room, icon, hidden) VALUES
    ('00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-0000000000b1', 0, 'Lamp', NULL, 'lamp', true);
