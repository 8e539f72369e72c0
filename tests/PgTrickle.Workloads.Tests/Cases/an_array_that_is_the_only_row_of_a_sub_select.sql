--! case Statement postgres 18 seed 4 read False strategy Merge all False evaluate 0
--! query
SELECT x1."select" AS c1, (SELECT x2.arr FROM fuzz.c x2) AS c2, (SELECT '{}'::int[] FROM fuzz.a x3 WHERE x3.g = x1."select") AS c3 FROM fuzz."Odd Table" x1
--! initial
--! transaction
INSERT INTO fuzz."Odd Table" VALUES (1, 'c', NULL), (2, 'c', NULL), (NULL, 'd', 'D');
--! transaction
INSERT INTO fuzz.a VALUES (11, 1, 'c', NULL, 1, 1, NULL, NULL, true);
--! interval
--! transaction
INSERT INTO fuzz.c VALUES (1, 'a', 1, NULL, NULL, '{1,2}');
UPDATE fuzz.a SET g = 2;
--! interval
--! transaction
UPDATE fuzz.c SET arr = '{}';
INSERT INTO fuzz."Odd Table" VALUES (2, 'c', NULL);
--! interval
--! transaction
INSERT INTO fuzz.c VALUES (1, 'a', 1, NULL, NULL, '{3}');
--! interval
--! transaction
DELETE FROM fuzz.c WHERE arr = '{}';
DELETE FROM fuzz.a;
--! end
