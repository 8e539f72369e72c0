--! case Difference postgres 15 seed 1 read True strategy Merge all False evaluate 0
--! query
SELECT a.id AS c1, b.id AS c2, x.id AS c3, y.id AS c4, z.c1 AS c5, z.src AS c6 FROM fuzz.a LEFT JOIN fuzz.b ON b.a_id = a.id AND (SELECT count(*) FROM fuzz.e WHERE e.src = a.id AND e.dst > b.k) < 2 FULL JOIN fuzz.a x ON x.id = b.k AND EXISTS (SELECT FROM fuzz.e WHERE e.src = x.id AND e.dst = a.id) RIGHT JOIN fuzz.b y ON y.id >= ALL (SELECT e.dst FROM fuzz.e WHERE e.src = x.id) LEFT JOIN (SELECT c.k AS c1, e.src FROM fuzz.c LEFT JOIN fuzz.e ON c.k IN (SELECT i.k FROM fuzz.i WHERE i.id = e.dst)) z ON z.c1 = y.k
--! initial
--! transaction
INSERT INTO fuzz.a (id, g) VALUES (1, 1), (2, 2), (3, 3), (4, 4);
INSERT INTO fuzz.b (id, a_id, k) VALUES (1, 1, 1), (2, 1, 2), (3, 2, 3), (4, NULL, 1), (5, 4, 9);
INSERT INTO fuzz.e VALUES (1, 1, 1), (1, 3, 1), (2, 2, 1), (3, 2, 1), (3, 3, 1), (3, 3, 2);
INSERT INTO fuzz.c (k) VALUES (1), (1), (2), (NULL);
INSERT INTO fuzz.i VALUES (1, 1, 'a'), (2, 2, 'b');
--! interval
--! transaction
INSERT INTO fuzz.e VALUES (1, 2, 1), (2, 1, 1);
--! interval
--! transaction
DELETE FROM fuzz.e WHERE src = 1;
INSERT INTO fuzz.a (id, g) VALUES (9, 1);
INSERT INTO fuzz.c (k) VALUES (1), (3);
--! interval
--! transaction
UPDATE fuzz.b SET a_id = 3, k = 2 WHERE id = 1;
DELETE FROM fuzz.a WHERE id = 1;
UPDATE fuzz.i SET k = 1 WHERE id = 2;
--! interval
--! transaction
UPDATE fuzz.a SET id = id + 10;
DELETE FROM fuzz.c WHERE k = 1;
--! interval
--! transaction
UPDATE fuzz.a SET id = id - 10;
DELETE FROM fuzz.b WHERE id = 2;
INSERT INTO fuzz.e VALUES (3, 9, 1), (1, 1, 1);
--! end
