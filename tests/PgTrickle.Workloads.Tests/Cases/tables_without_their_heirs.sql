--! case Difference postgres 15 seed 1 read True strategy Merge all False evaluate 0
--! query
SELECT o.id AS c1, o.v AS c2, (SELECT count(*) FROM fuzz.i x WHERE x.k = o.k)::int AS c3, r.c1 AS c4, p.k AS c5 FROM ONLY fuzz.i o LEFT JOIN (WITH RECURSIVE w(c1, n) AS (SELECT k, 1 FROM ONLY fuzz.i1 UNION SELECT i.k, w.n + 1 FROM w JOIN fuzz.i1 i ON i.id = w.c1 WHERE w.n < 3) SELECT c1, count(*) AS n FROM w GROUP BY c1) r ON r.c1 = o.k LEFT JOIN ONLY fuzz.p p ON p.k = o.k
--! initial
--! transaction
INSERT INTO fuzz.i VALUES (1, 1, 'a'), (2, 2, 'b'), (3, NULL, 'c');
INSERT INTO fuzz.i1 VALUES (1, 1, 'a', 1), (2, 2, 'x', 2);
INSERT INTO fuzz.i1a VALUES (2, 1, 'b', 1);
INSERT INTO fuzz.i2 (id, k, v) VALUES (1, 2, 'a'), (3, 3, 'c');
INSERT INTO fuzz.p (k, v) VALUES (1, 'p');
--! interval
--! transaction
INSERT INTO fuzz.i1 VALUES (5, 2, 'a', 1);
UPDATE fuzz.i SET v = 'd' WHERE k = 2;
UPDATE ONLY fuzz.i SET k = 3 WHERE id = 2;
DELETE FROM fuzz.i1a;
--! interval
--! transaction
TRUNCATE fuzz.i2;
INSERT INTO fuzz.i VALUES (7, 2, 'e');
--! interval
--! transaction
ALTER TABLE fuzz.i2 NO INHERIT fuzz.i; SELECT fuzz.reshaped('i');
INSERT INTO fuzz.i2 (id, k, v) VALUES (8, 2, 'f');
INSERT INTO fuzz.i1a VALUES (2, 3, 'b', 1);
--! interval
--! transaction
INSERT INTO fuzz.i2 (id, k, v) VALUES (9, 2, 'f');
DELETE FROM ONLY fuzz.i WHERE id = 7;
INSERT INTO fuzz.p (k, v) VALUES (2, 'p');
--! interval
--! transaction
ALTER TABLE fuzz.i2 INHERIT fuzz.i; SELECT fuzz.reshaped('i');
--! interval
--! transaction
TRUNCATE ONLY fuzz.i;
INSERT INTO fuzz.i VALUES (2, 2, 'z');
--! end
