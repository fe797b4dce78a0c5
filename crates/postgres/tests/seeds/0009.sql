INSERT INTO second_factor (person, secret, step, first_step) VALUES
    ('00000000-0000-0000-0000-000000000002', decode(repeat('81', 49), 'hex'), NULL, NULL);
