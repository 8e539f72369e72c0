--! case Difference postgres 18 seed 0 read True strategy Merge all False evaluate 0
--! query
SELECT p.v AS c1, count(p.pr) AS c2, count(*) AS c3 FROM fuzz.p GROUP BY p.v
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
