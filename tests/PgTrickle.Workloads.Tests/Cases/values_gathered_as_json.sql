--! case Difference postgres 18 seed 0 read True strategy Merge all False evaluate 0 since 16
--! query
SELECT p.v AS c1, JSON_ARRAYAGG(p.k ORDER BY p.k NULL ON NULL RETURNING jsonb) AS c2, JSON_OBJECTAGG(p.k : p.q ABSENT ON NULL RETURNING text) FILTER (WHERE p.k = 2) AS c3, JSON_ARRAYAGG(p.q ORDER BY p.q, p.k) AS c4 FROM fuzz.p GROUP BY p.v HAVING JSON_ARRAYAGG(p.v) IS NOT NULL
--! initial
--! transaction
INSERT INTO fuzz.a VALUES (1, 1, 'a', 1.0, 2.50, 1.5, timestamptz '2026-03-01 12:00+00', date '2026-03-01', true), (2, 2, 'b', 1.00, 10, 'NaN', NULL, NULL, false), (3, 1, NULL, NULL, NULL, NULL, now(), date '2026-03-02', false);
INSERT INTO fuzz.b VALUES (1, 1, 2, 'a', 'a', 'ok', interval '1 mon', int4range(1,3), 1), (2, 1, 3, 'b', 'b', 'sad', interval '30 days', int4range(2,5), 2), (3, 2, 1, 'a', NULL, NULL, NULL, NULL, NULL);
INSERT INTO fuzz.c VALUES (1, 'a', 1.0, '{"a": 1}', '{"a": 1, "b": [1, 2]}', '{1,2}'), (1, 'a', 1.00, '{"a": 1}', '{"a": "x"}', '{}'), (2, 'b', NULL, NULL, NULL, NULL);
INSERT INTO fuzz.e VALUES (1, 2, 1), (2, 3, 1), (3, 1, NULL), (1, 2, 1);
INSERT INTO fuzz.h VALUES (1, 'a', 1.00, 1), (2, 'b', 2.50, 2);
INSERT INTO fuzz."Odd Table" VALUES (1, 'a', 'a'), (2, 'B', 'A');
INSERT INTO fuzz.p VALUES (0, 'a', 1, ROW(1, 'a'), date '2026-03-01'), (2, 'b', 9, ROW(1, NULL), NULL), (7, 'a', 3, NULL, NULL), (8, 'c', 30, ROW(2, 'b'), date '2026-03-03');
--! interval
--! transaction
UPDATE fuzz.a SET g = 2 WHERE id = 1;
INSERT INTO fuzz.p VALUES (1, 'b', 1, ROW(1, 'a'), date '2026-03-01');
INSERT INTO fuzz.c VALUES (3, 'c', 5, '[]', '[]', '{3}');
--! interval
--! transaction
DELETE FROM fuzz.b WHERE id = 1;
UPDATE fuzz.p SET k = k + 2;
UPDATE fuzz.e SET dst = 1 WHERE src = 2;
UPDATE fuzz.c SET k = 5 WHERE v = 'b';
--! interval
--! transaction
TRUNCATE fuzz.p1;
INSERT INTO fuzz.a VALUES (4, 1, 'c', 2, 2, 2, NULL, NULL, true);
UPDATE fuzz.b SET v = 'b';
--! interval
--! transaction
DELETE FROM fuzz.a WHERE id = 1;
DELETE FROM fuzz.e WHERE src = 1;
INSERT INTO fuzz.b VALUES (9, 3, 4, 'c', NULL, NULL, NULL, NULL, NULL);
--! end
