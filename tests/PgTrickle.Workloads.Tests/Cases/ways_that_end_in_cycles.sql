--! case Difference postgres 15 seed 1 read True strategy Merge all False evaluate 0
--! query
WITH RECURSIVE r(c1, c2) AS (SELECT e.src, e.w FROM fuzz.e WHERE e.src < 2 UNION ALL SELECT e.dst, e.w FROM r x(p, q) JOIN fuzz.e ON e.src = x.p AND NOT x.c3) SEARCH DEPTH FIRST BY c2, c1 SET place CYCLE c1, c2 SET c3 USING path SELECT r.c1, r.c3 AS c2, (row_number() OVER (ORDER BY r.place, r.c3))::int AS c3, to_jsonb(r.path)::text AS c4, a.g AS c5 FROM r LEFT JOIN fuzz.a ON a.id = r.c1 ORDER BY r.place
--! initial
--! transaction
INSERT INTO fuzz.e VALUES (1, 1, 1), (1, 2, NULL), (2, 3, NULL), (3, 1, 2), (0, 0, 0);
INSERT INTO fuzz.a (id, g) VALUES (1, 1), (3, 2);
--! interval
--! transaction
UPDATE fuzz.e SET dst = 4 WHERE src = 3;
--! interval
--! transaction
INSERT INTO fuzz.e VALUES (4, 2, NULL), (4, 1, 1);
UPDATE fuzz.a SET g = 5 WHERE id = 1;
--! interval
--! transaction
DELETE FROM fuzz.e WHERE src = 1 AND dst = 1;
UPDATE fuzz.e SET w = coalesce(w + 1, 0);
--! interval
--! transaction
TRUNCATE fuzz.e;
--! interval
--! transaction
INSERT INTO fuzz.e VALUES (1, 2, 1), (2, 1, 1), (2, 1, 1);
--! end
