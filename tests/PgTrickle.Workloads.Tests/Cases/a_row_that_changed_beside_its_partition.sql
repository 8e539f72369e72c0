--! case Difference postgres 18 seed 17 read True strategy Merge all False evaluate 0
--! query
SELECT lag(x5.c) OVER (PARTITION BY x5.v ORDER BY x5.a_id, x5.k) AS c3 FROM (fuzz.b x5 FULL JOIN fuzz.a x7 ON x5.k = x7.g) WHERE NOT EXISTS (SELECT FROM fuzz."Odd Table" x8 WHERE x8."Mixed Case" <> x8."Mixed Case")
--! initial
--! transaction
INSERT INTO fuzz."Odd Table" VALUES (0, 'c', NULL);
--! transaction
INSERT INTO fuzz.b VALUES (17, 11, 4, NULL, NULL, NULL, interval '1 mon', int4range(1, 3, '[]'), 2);
--! transaction
INSERT INTO fuzz.a VALUES (11, NULL, 'c', NULL, -3.25, -2.25, NULL, date '2026-03-01' + 3, true);
--! interval
--! transaction
UPDATE fuzz.b SET c = 'a' WHERE id = 17;
INSERT INTO fuzz."Odd Table" VALUES (0, NULL, NULL);
--! end
