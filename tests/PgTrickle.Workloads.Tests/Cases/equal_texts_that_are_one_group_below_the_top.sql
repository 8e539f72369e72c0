--! case Difference postgres 18 seed 308 read False strategy Merge all False evaluate 0 open
--! query
SELECT DISTINCT x1.fo AS c1 FROM fuzz."Odd Table" AS x1 LEFT JOIN fuzz.a AS x2 ON x1."select" IS DISTINCT FROM x2.g FULL JOIN fuzz.a AS x3 ON x2.id = x3.g UNION ALL SELECT 'a' AS c1
--! initial
--! transaction
INSERT INTO fuzz."Odd Table" VALUES (1, '', 'Ab');
--! transaction
INSERT INTO fuzz.a VALUES (14, 2, 'b', -7, 2.50, 'Infinity', now() + interval '1 millisecond' * -1882, date '2026-03-01' + 1, false) ON CONFLICT (id) DO UPDATE SET g = excluded.g, n = excluded.n, t = excluded.t, ts = excluded.ts;
--! transaction
INSERT INTO fuzz.a VALUES (8, NULL, 'ab', 2.50, 0, 0, timestamptz '2026-03-01 12:00+00' + interval '1 hour' * 18, date '2026-03-01' + 2, false) ON CONFLICT (id) DO UPDATE SET g = excluded.g, n = excluded.n, t = excluded.t, ts = excluded.ts;
--! transaction
INSERT INTO fuzz."Odd Table" VALUES (0, 'ab', 'A');
--! transaction
INSERT INTO fuzz."Odd Table" VALUES (2, '', 'B');
--! transaction
INSERT INTO fuzz.a VALUES (10, -1, NULL, 'NaN', 1.00, 'NaN', NULL, date '2026-03-01' + -1, false) ON CONFLICT (id) DO UPDATE SET g = excluded.g, n = excluded.n, t = excluded.t, ts = excluded.ts;
--! transaction
INSERT INTO fuzz."Odd Table" VALUES (2, 'ab', 'b');
--! interval
--! transaction
INSERT INTO fuzz.a VALUES (1, 3, 'B', NULL, 2.50, 'Infinity', timestamptz '2026-03-01 12:00+00' + interval '1 hour' * 39, date '2026-03-01' + 1, false) ON CONFLICT (id) DO UPDATE SET g = excluded.g, n = excluded.n, t = excluded.t, ts = excluded.ts;
--! end
