--! case Difference postgres 18 seed 0 read False strategy Merge all False evaluate 0
--! query
SELECT x1.g AS c1, string_agg(x1.t, ',' ORDER BY x1.id) AS c2 FROM fuzz.a x1 FULL JOIN fuzz.b x3 ON x3.k = x1.g WHERE NOT EXISTS (SELECT FROM fuzz.e x2 WHERE x2.src = x1.id) GROUP BY x1.g
--! initial
--! transaction
INSERT INTO fuzz.a VALUES (11, 1, 'c', NULL, 1, 1, NULL, NULL, true);
--! interval
--! transaction
UPDATE fuzz.a SET t = 'b' WHERE id = 11;
INSERT INTO fuzz.e VALUES (3, 3, 3);
--! interval
--! transaction
UPDATE fuzz.a SET t = 'x' WHERE id = 11;
INSERT INTO fuzz.e VALUES (11, 3, 3);
--! end
