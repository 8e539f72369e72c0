--! case Difference postgres 15 seed 1 read True strategy Merge all False evaluate 0
--! query
SELECT a.id AS c1, EXISTS (SELECT DISTINCT ON (count(*)) 1 AS one FROM fuzz.o WHERE o.k > a.g) AS c2, EXISTS (SELECT 1 AS one FROM fuzz.o WHERE o.k < a.g GROUP BY generate_series(1, o.k)) AS c3, EXISTS (SELECT DISTINCT ON (generate_series(1, o.k)) 1 AS one FROM fuzz.o) AS c4 FROM fuzz.a
--! initial
--! transaction
INSERT INTO fuzz.a (id, g) VALUES (1, 1), (2, 5), (3, NULL);
--! interval
--! transaction
INSERT INTO fuzz.o (k) VALUES (0), (-1);
--! interval
--! transaction
INSERT INTO fuzz.o (k) VALUES (2);
--! interval
--! transaction
DELETE FROM fuzz.o WHERE k > 0;
--! interval
--! transaction
UPDATE fuzz.o SET k = 3;
--! end
