--! case Statement postgres 18 seed 0 read False strategy Merge all False evaluate 0
--! query
SELECT a.id AS c1, x.n::text AS c2, x.r::text AS c3 FROM fuzz.a JOIN (SELECT e.src, count(*) AS n, array_agg(ROW(e.dst, 1) ORDER BY e.dst) AS r FROM fuzz.e GROUP BY e.src) x ON x.src = a.id
--! initial
--! transaction
INSERT INTO fuzz.a VALUES (1, 1, 'c', NULL, 1, 1, NULL, NULL, true);
--! transaction
INSERT INTO fuzz.e VALUES (1, 1, 2), (2, 2, 3);
--! interval
--! transaction
INSERT INTO fuzz.e VALUES (3, 1, 1);
--! end
