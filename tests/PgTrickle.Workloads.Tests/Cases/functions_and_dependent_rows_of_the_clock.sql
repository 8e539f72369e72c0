--! case Difference postgres 15 seed 1 read True strategy Merge all False evaluate 0
--! query
SELECT s.c1, a.id AS c2, x.id AS c3, g.c1 AS c4, generate_series(1, extract(second FROM now())::int % 3) AS c5 FROM generate_series(1, extract(second FROM now())::int % 5) s(c1) LEFT JOIN fuzz.a ON a.g = s.c1 LEFT JOIN LATERAL (SELECT b.id, b.k FROM fuzz.b WHERE b.a_id = a.id ORDER BY b.id LIMIT 2) x ON a.ts < now() LEFT JOIN LATERAL generate_series(1, LEAST(x.k, extract(second FROM now())::int % 4)) g(c1) ON g.c1 < extract(second FROM now())::int % 4
--! initial
--! transaction
INSERT INTO fuzz.a (id, g, ts) VALUES (1, 1, now() + interval '300 milliseconds'), (2, 2, now()), (3, 1, '2026-03-01'), (4, 4, now() + interval '1 second');
INSERT INTO fuzz.b (id, a_id, k) VALUES (1, 1, 1), (2, 1, 2), (3, 1, 3), (4, 3, 1), (5, 4, 3);
--! interval
--! transaction
SELECT pg_sleep(0.4);
--! interval
--! transaction
INSERT INTO fuzz.a (id, g, ts) VALUES (9, 1, now() + interval '300 milliseconds');
INSERT INTO fuzz.b (id, a_id, k) VALUES (9, 9, 2);
SELECT pg_sleep(0.5);
--! interval
--! transaction
DELETE FROM fuzz.b WHERE id = 1;
UPDATE fuzz.a SET g = 3 WHERE id = 2;
SELECT pg_sleep(0.5);
--! interval
--! transaction
SELECT pg_sleep(0.6);
--! end
