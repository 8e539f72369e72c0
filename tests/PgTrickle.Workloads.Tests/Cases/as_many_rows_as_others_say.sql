--! case Difference postgres 18 seed 0 read False strategy Merge all False evaluate 0
--! query
SELECT x.id AS c1, y.v AS c2, z.v AS c3, (SELECT b.k FROM fuzz.b ORDER BY b.k, b.id OFFSET x.g LIMIT 1) AS c4, ARRAY(SELECT b.k FROM fuzz.b WHERE b.a_id = x.id ORDER BY b.k LIMIT x.g) AS c5 FROM fuzz.a x LEFT JOIN LATERAL (SELECT b.v FROM fuzz.b WHERE b.a_id = x.id ORDER BY b.id LIMIT x.g OFFSET x.g - 1) y ON true LEFT JOIN (SELECT b.v FROM fuzz.b ORDER BY b.id LIMIT (SELECT count(*) / 2 FROM fuzz.e) OFFSET (SELECT count(*) / 2 FROM fuzz.e)) z ON z.v = x.t
--! initial
--! transaction
INSERT INTO fuzz.a VALUES (1, 1, 'c'), (2, 2, 'a'), (3, NULL, 'a');
INSERT INTO fuzz.b VALUES (1, 1, 3, 'a'), (2, 1, 2, 'b'), (3, 2, 5, 'c'), (4, 2, 1, 'd'), (5, 2, 4, 'e'), (6, 3, 7, 'a');
INSERT INTO fuzz.e VALUES (1, 2, 3), (2, 3, 4), (3, 3, 3), (1, 1, 1);
--! interval
--! transaction
UPDATE fuzz.a SET g = 2 WHERE id = 1;
DELETE FROM fuzz.b WHERE id = 4;
--! interval
--! transaction
DELETE FROM fuzz.e WHERE src = 1;
INSERT INTO fuzz.b VALUES (7, 2, 0, 'z'), (0, 1, 9, 'c');
--! interval
--! transaction
INSERT INTO fuzz.e VALUES (5, 5, 5), (6, 6, 6), (7, 7, 7), (8, 8, 8);
UPDATE fuzz.a SET g = NULL WHERE id = 2;
UPDATE fuzz.b SET k = k + 1 WHERE a_id = 2;
--! end
