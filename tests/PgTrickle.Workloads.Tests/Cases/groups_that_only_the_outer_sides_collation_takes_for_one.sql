--! case Difference postgres 18 seed 0 read False strategy Merge all False evaluate 0
--! query
SELECT x1.fo AS c1, l2.n AS c2 FROM fuzz."Odd Table" x1 LEFT JOIN LATERAL (SELECT count(*)::int AS n FROM fuzz.a x2 WHERE x2.t = x1.fo GROUP BY x2.b) l2 ON true
--! initial
--! transaction
INSERT INTO fuzz."Odd Table" VALUES (1, 'c', 'A'), (2, 'c', 'b');
--! transaction
INSERT INTO fuzz.a VALUES (1, 1, 'a', NULL, 1, 1, NULL, NULL, true), (2, 1, 'A', NULL, 1, 1, NULL, NULL, true);
--! interval
--! transaction
INSERT INTO fuzz.a VALUES (3, 1, 'B', NULL, 1, 1, NULL, NULL, true), (4, 1, 'b', NULL, 1, 1, NULL, NULL, true);
--! end
