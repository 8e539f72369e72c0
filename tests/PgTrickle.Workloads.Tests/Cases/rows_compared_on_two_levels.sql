--! case Difference postgres 15 seed 600041 read True strategy Merge all False evaluate 0
--! query
WITH w1 AS NOT MATERIALIZED (SELECT mode() WITHIN GROUP (ORDER BY x2.s) AS c1, upper(range_agg(int4range(1, 4))) + 0 AS c2, min(x2.id) AS c3 FROM fuzz.b AS x2 GROUP BY x2.v, x2.r HAVING count(*) >= (SELECT min(x4.k) AS min FROM fuzz.b AS x4)), w5 AS (SELECT x6.c1, x6.c3 FROM w1 AS x6 JOIN w1 AS x7 ON x6.c1 < x7.c2 WHERE x7.c2 <> x7.c3) SELECT max(x8.c2) AS c3, count(*) AS c4 FROM (VALUES (0, 'b'::text)) AS x8(c1, c2) JOIN fuzz.c AS x9 ON x8.c1 = x9.k JOIN w5 AS x10 ON x8.c1 = x10.c1::integer WHERE x9.v < 'x'
--! initial
--! transaction
INSERT INTO fuzz.b (id, k, v, s) VALUES (1, 1, 'a', 0), (2, 2, 'a', 0), (3, 1, 'b', 0);
INSERT INTO fuzz.c (k, v) VALUES (0, 'a'), (0, 'c'), (1, 'b');
--! interval
--! transaction
UPDATE fuzz.b SET k = 2;
--! interval
--! transaction
INSERT INTO fuzz.b (id, k, v, s) VALUES (5, 3, 'b', 0), (6, 3, 'c', 1);
INSERT INTO fuzz.c (k, v) VALUES (0, 'f');
--! interval
--! transaction
UPDATE fuzz.b SET k = 1 WHERE id = 1;
DELETE FROM fuzz.c WHERE v = 'a';
--! end
