--! case Difference postgres 18 seed 0 read False strategy Merge all False evaluate 0
--! query
SELECT x1.fo AS c1, x2.id AS c2 FROM fuzz."Odd Table" x1 LEFT JOIN fuzz.a x2 ON x2.t = x1.fo WHERE EXISTS (SELECT FROM fuzz.b x3 WHERE x3.v = x1.fo)
--! initial
--! transaction
INSERT INTO fuzz."Odd Table" VALUES (1, 'c', 'A'), (2, 'c', 'b');
--! transaction
INSERT INTO fuzz.a VALUES (1, 1, 'a', NULL, 1, 1, NULL, NULL, true);
INSERT INTO fuzz.b (id, k, v) VALUES (1, 1, 'a'), (2, 1, 'b');
--! interval
--! transaction
INSERT INTO fuzz.a VALUES (2, 1, 'A', NULL, 1, 1, NULL, NULL, true);
--! interval
--! transaction
DELETE FROM fuzz.a WHERE id = 2;
INSERT INTO fuzz.b (id, k, v) VALUES (3, 1, 'A');
--! interval
--! transaction
DELETE FROM fuzz.b WHERE id = 3;
--! end
