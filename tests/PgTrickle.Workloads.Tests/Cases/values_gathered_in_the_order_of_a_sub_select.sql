--! case Difference postgres 15 seed 1 read True strategy Merge all False evaluate 0
--! query
SELECT x6.id AS c1, (SELECT json_agg(x) FROM (SELECT b.v, b.k AS n FROM fuzz.b WHERE b.a_id = x6.g ORDER BY b.id DESC) x) AS c2, (SELECT string_agg(y.v, ',') || json_object_agg('k', y.id)::text FROM (SELECT b.v, b.k, b.id FROM fuzz.b ORDER BY b.k DESC, 3) y WHERE y.k > x6.g) AS c3, (SELECT array_agg(z.c) FROM (SELECT o."Mixed Case" AS c FROM fuzz."Odd Table" o GROUP BY o."Mixed Case" ORDER BY count(*) DESC, o."Mixed Case" NULLS FIRST LIMIT 3) z) AS c4 FROM fuzz.a x6
--! initial
--! transaction
INSERT INTO fuzz.a (id, g) VALUES (1, 1), (2, 2), (3, NULL);
INSERT INTO fuzz.b (id, a_id, k, v) VALUES (4, 1, 3, 'a'), (2, 1, 2, 'b'), (7, 1, 9, 'c'), (3, 2, 3, 'd'), (1, 2, 9, 'e');
INSERT INTO fuzz."Odd Table" VALUES (1, 'x'), (1, 'y'), (1, 'y'), (1, NULL);
--! interval
--! transaction
INSERT INTO fuzz.b (id, a_id, k, v) VALUES (5, 1, 1, 'n'), (6, 2, 9, 'm');
UPDATE fuzz.b SET k = 5 WHERE id = 4;
INSERT INTO fuzz."Odd Table" VALUES (1, 'x'), (1, 'x'), (1, 'z'), (1, 'z');
--! interval
--! transaction
UPDATE fuzz.b SET id = id + 10 WHERE id % 2 = 0;
DELETE FROM fuzz."Odd Table" WHERE "Mixed Case" = 'y';
--! interval
--! transaction
DELETE FROM fuzz.b WHERE id > 12;
INSERT INTO fuzz.a (id, g) VALUES (4, 1);
--! end
