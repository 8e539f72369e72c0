--! case Statement postgres 18 seed 863268 read False strategy Merge all False evaluate 0
--! query
WITH RECURSIVE r1(c1, c2) AS (SELECT e.src, e.dst FROM fuzz.e WHERE e.src = 1 UNION ALL SELECT e.src, e.dst FROM r1 JOIN (SELECT DISTINCT src, dst FROM fuzz.e) e ON e.src = r1.c2) CYCLE c1, c2 SET is_cycle USING path SELECT count(r1.path) AS c1, max(a.g) AS c2 FROM r1 LEFT JOIN fuzz.a ON a.id = r1.c1
--! initial
--! transaction
INSERT INTO fuzz.e VALUES (1, 1, 2), (2, 2, 3);
--! interval
--! transaction
INSERT INTO fuzz.e VALUES (3, 3, 1);
--! end
