-- Rollups are made again from ticks when the schema comes up again. Where the ticks of a day are forgotten its rollup is all
-- that there is: as long as there are such days, the constraint refuses.
CREATE TABLE refused (days INTEGER CONSTRAINT rollups_of_forgotten_ticks CHECK (days = 0)) STRICT;
-- Only ticks of the day itself tell that they are kept: late ones of earlier days may have come when others were forgotten.
-- A tick is of the day in which it starts. A page whose mask of sockets is 0 has nothing that could be lost.
INSERT INTO refused
    SELECT count(*) FROM rollup_day
    WHERE energy <> x'00' AND NOT EXISTS (
        SELECT 1 FROM tick
        WHERE tick.hub = rollup_day.hub
            AND tick.start >= rollup_day.day * 86400000 AND tick.start < (rollup_day.day + 1) * 86400000
    );
DROP TABLE refused;
DROP TABLE stale_day;
DROP TABLE rollup_day;
