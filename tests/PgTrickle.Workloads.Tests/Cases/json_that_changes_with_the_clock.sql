--! case Statement postgres 15 seed 0 read False strategy Merge all False evaluate 0
--! query
SELECT a.id AS c1, CASE WHEN timestamptz '2026-03-01 12:00+00' >= now() THEN '{}'::json ELSE '[]'::json END AS c2, CASE WHEN a.ts < now() THEN '{}'::json END AS c3 FROM fuzz.a
--! initial
--! transaction
INSERT INTO fuzz.a (id, ts) VALUES (1, now() + interval '1 millisecond'), (2, NULL);
--! interval
--! transaction
INSERT INTO fuzz.a (id, ts) VALUES (3, now());
--! end
