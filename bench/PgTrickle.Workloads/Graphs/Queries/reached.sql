WITH RECURSIVE r (node) AS (
    SELECT 1
    UNION
    SELECT l.target FROM r JOIN link l ON l.node = r.node
)
SELECT node FROM r;
