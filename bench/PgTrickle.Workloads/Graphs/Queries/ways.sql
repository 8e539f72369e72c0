WITH RECURSIVE r (id, depth, way) AS (
    SELECT id, 0, name FROM staff WHERE boss IS NULL
    UNION ALL
    SELECT s.id, r.depth + 1, r.way || '/' || s.name FROM r JOIN staff s ON s.boss = r.id
)
SELECT id, depth, way FROM r;
