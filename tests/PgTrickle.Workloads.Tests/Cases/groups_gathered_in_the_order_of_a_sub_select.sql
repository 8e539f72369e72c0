--! case Difference postgres 15 seed 1 read True strategy Merge all False evaluate 0
--! query
SELECT json_agg(q) AS c1, jsonb_agg(q.w) FILTER (WHERE q.n > 1) AS c2 FROM (SELECT DISTINCT c.k AS n, c.v AS w FROM fuzz.c ORDER BY c.v DESC NULLS LAST, c.k) q(n, w)
--! initial
--! transaction
INSERT INTO fuzz.c (k, v) VALUES (1, 'b'), (2, 'a'), (2, 'a'), (3, NULL), (2, 'c');
--! interval
--! transaction
INSERT INTO fuzz.c (k, v) VALUES (7, 'b'), (0, 'a'), (5, 'x');
--! interval
--! transaction
UPDATE fuzz.c SET v = 'd' WHERE k = 2;
--! interval
--! transaction
DELETE FROM fuzz.c WHERE k IN (7, 5);
--! end
