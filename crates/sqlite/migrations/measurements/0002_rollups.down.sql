-- Rollups are made again from ticks when the schema comes up again. Where the ticks of a day are forgotten its rollup is all
-- that there is: as long as there are such days, the constraint refuses.
CREATE TABLE refused (days INTEGER CONSTRAINT rollups_of_forgotten_ticks CHECK (days = 0)) STRICT;
-- Ticks are forgotten from the oldest on, so whoever has one of that day or of one before has them all.
INSERT INTO refused
    SELECT count(*) FROM rollup_day
    WHERE NOT EXISTS (
        SELECT 1 FROM tick WHERE tick.hub = rollup_day.hub AND tick.start < (rollup_day.day + 1) * 86400000
    );
DROP TABLE refused;
DROP TABLE stale_day;
DROP TABLE rollup_day;
