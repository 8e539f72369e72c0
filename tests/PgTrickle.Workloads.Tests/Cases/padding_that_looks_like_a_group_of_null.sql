--! case Difference postgres 18 seed 0 read False strategy Merge all False evaluate 0
--! query
SELECT DISTINCT x1.c1, x2.c1 AS c2 FROM (SELECT c.k AS c1 FROM fuzz.c GROUP BY c.k) x1 FULL JOIN (SELECT h.z AS c1 FROM fuzz.h GROUP BY h.z) x2 ON x1.c1 = x2.c1
--! initial
--! transaction
INSERT INTO fuzz.c VALUES (NULL, 'a', 1, NULL, NULL, '{1,2}'), (1, 'a', 1, NULL, NULL, '{1,2}');
--! interval
--! transaction
INSERT INTO fuzz.h VALUES (1, 'a', 1, NULL), (1, 'b', 1, 1);
--! interval
--! transaction
DELETE FROM fuzz.c WHERE k IS NULL;
--! end
