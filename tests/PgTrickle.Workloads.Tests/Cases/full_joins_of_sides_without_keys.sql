--! case Difference postgres 15 seed 1 read False strategy Merge all False evaluate 0
--! query
SELECT c.k AS c1, c.v AS c2, e.src AS c3, e.w AS c4, x.id AS c5 FROM fuzz.c FULL JOIN fuzz.e ON e.src = c.k AND (SELECT max(o.k) FROM fuzz.o WHERE o.k <= c.k + e.dst) > e.src FULL JOIN fuzz.a x ON x.id = e.dst AND EXISTS (SELECT FROM fuzz.o WHERE o.k > x.id AND o.k = e.src)
--! initial
--! transaction
INSERT INTO fuzz.c (k, v) VALUES (1, 'a'), (1, 'a'), (2, NULL), (NULL, 'b');
INSERT INTO fuzz.e VALUES (1, 1, 1), (1, 1, 1), (2, 3, NULL), (3, 3, 2);
INSERT INTO fuzz.o (k) VALUES (1), (2), (2), (NULL);
INSERT INTO fuzz.a (id) VALUES (1), (3);
--! interval
--! transaction
INSERT INTO fuzz.o (k) VALUES (3);
--! interval
--! transaction
INSERT INTO fuzz.c (k, v) VALUES (1, 'a'), (3, 'c');
DELETE FROM fuzz.e WHERE src = 2;
--! interval
--! transaction
DELETE FROM fuzz.o WHERE k > 1;
INSERT INTO fuzz.e VALUES (1, 2, 1), (2, 2, 1);
--! interval
--! transaction
DELETE FROM fuzz.c WHERE k = 1;
INSERT INTO fuzz.o (k) VALUES (2), (4);
UPDATE fuzz.a SET id = 2 WHERE id = 3;
--! interval
--! transaction
TRUNCATE fuzz.e;
INSERT INTO fuzz.e VALUES (2, 1, 1), (4, 2, 1);
--! end
