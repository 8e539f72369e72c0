WITH RECURSIVE r (id, name) AS (
    SELECT id, name FROM staff WHERE boss IS NULL
    UNION ALL
    SELECT s.id, s.name FROM r JOIN staff s ON s.boss = r.id
) SEARCH DEPTH FIRST BY id SET place CYCLE id SET looped USING way
SELECT id, name, looped, cardinality(way) AS depth FROM r ORDER BY place;
