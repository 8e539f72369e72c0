--! case Difference postgres 15 seed 7009 read True strategy Merge all False evaluate 0
--! query
SELECT b.id AS c1, a.id AS c2, a IS NOT NULL AS c3, a IS NULL AS c4, a::text AS c5 FROM fuzz.b FULL JOIN fuzz.a ON a.id = b.a_id WHERE a IS NOT NULL OR a IS NULL
--! initial
--! transaction
INSERT INTO fuzz.a VALUES (9, 4, 'b', 2.50, 10, 0.5, '-infinity', date '2026-03-01', false), (8, 4, 'b', NULL, 10, 0.5, NULL, NULL, false);
INSERT INTO fuzz.b (id, a_id, k) VALUES (1, 9, 1), (2, 7, 1), (3, NULL, 1);
--! interval
--! transaction
INSERT INTO fuzz.a VALUES (7, 1, 'c', 1, 1, 1, now(), date '2026-03-02', true);
UPDATE fuzz.a SET t = NULL WHERE id = 9;
--! interval
--! transaction
UPDATE fuzz.a SET n = 1, ts = now(), d = date '2026-03-02' WHERE id = 8;
DELETE FROM fuzz.a WHERE id = 7;
--! end
