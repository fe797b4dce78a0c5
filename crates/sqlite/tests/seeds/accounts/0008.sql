INSERT INTO erasure (id, hub, since, until, tail, asked, rounds, due) VALUES
    (x'00000000000000000000000000000071', x'000000000000000000000000000000b3', 1, 2, 3, 4, 5, NULL);
UPDATE second_factor SET first_step = 59999999;
