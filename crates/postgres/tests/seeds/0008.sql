INSERT INTO erasure (id, hub, since, until, tail, asked, rounds, due) VALUES
    ('00000000-0000-0000-0000-000000000071', '00000000-0000-0000-0000-0000000000b3', 1, 2, 3, 4, 5, NULL);
UPDATE second_factor SET first_step = 59999999;
