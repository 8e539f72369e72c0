--! case Statement postgres 15 seed 100633 read True strategy Merge all False evaluate 3
--! query
SELECT x6.g AS c1, EXISTS (SELECT DISTINCT 12 / o.k FROM fuzz.o WHERE o.k < x6.g) AS c2 FROM fuzz.va AS x6 WHERE EXISTS (SELECT DISTINCT ON (u10.z12) 12 / u10.u10k AS c1 FROM (SELECT x8.k AS u10k, x8.ad AS z12 FROM fuzz.o AS x8) AS u10 ORDER BY u10.z12, 7 / u10.u10k) AND EXISTS (SELECT 12 / o.k FROM fuzz.o GROUP BY 12 / o.k LIMIT 1)
--! initial
--! interval
--! transaction late
INSERT INTO fuzz.o SELECT 0, NULL, inet '10.0.0.1', timetz '24:00-03', NULL, '{[1,3)}'::int4multirange, NULL FROM generate_series(1, 2);
--! interval
--! transaction
INSERT INTO fuzz.a VALUES (8, 4, 'b', NULL, 10, 0.5, NULL, NULL, false);
--! interval
--! transaction
UPDATE fuzz.o SET k = 1;
--! interval
--! transaction
UPDATE fuzz.o SET k = 0;
UPDATE fuzz.a SET g = -1;
--! interval
--! transaction
DELETE FROM fuzz.o;
--! end
