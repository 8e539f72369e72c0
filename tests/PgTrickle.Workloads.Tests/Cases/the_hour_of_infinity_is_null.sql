--! case Difference postgres 18 seed 0 read False strategy Merge all False evaluate 0
--! query
SELECT date_part('hour', COALESCE(x1.ts, 'infinity'::timestamptz)) AS c1, count(*)::int AS c2 FROM fuzz.a x1 GROUP BY date_part('hour', COALESCE(x1.ts, 'infinity'::timestamptz))
--! initial
--! transaction
INSERT INTO fuzz.a VALUES (1, 1, 'c', NULL, 1, 1, NULL, NULL, true);
--! interval
--! transaction
INSERT INTO fuzz.a VALUES (2, 1, 'c', NULL, 1, 1, NULL, NULL, true), (3, 1, 'c', NULL, 1, 1, '2026-03-01 12:00+00', NULL, true);
--! end
