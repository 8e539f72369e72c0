--! case Difference postgres 18 seed 0 read True strategy Merge all False evaluate 0
--! query
SELECT a.id AS c1, x.n AS c2 FROM fuzz.a JOIN (SELECT count(*)::int AS n, max(p.k) AS k FROM fuzz.p GROUP BY p.pr) x ON x.k = a.g UNION ALL SELECT count(x3.k), max(x3.k) FROM fuzz.vc x3 GROUP BY x3.pr
--! initial
--! transaction
INSERT INTO fuzz.p SELECT 2, 'a', 1, ROW(NULL, NULL)::fuzz.pair, NULL FROM generate_series(1, 2);
INSERT INTO fuzz.a (id, g) VALUES (1, 2), (2, 3);
--! interval
--! transaction
INSERT INTO fuzz.p SELECT 1, 'ab', NULL, ROW(NULL, NULL)::fuzz.pair, NULL FROM generate_series(1, 2);
--! interval
--! transaction
INSERT INTO fuzz.p SELECT 3, 'ab', NULL, p, NULL FROM (VALUES (NULL::fuzz.pair), (ROW(1, NULL))) v(p);
--! interval
--! transaction
DELETE FROM fuzz.p WHERE pr IS NULL AND k < 3;
--! end
