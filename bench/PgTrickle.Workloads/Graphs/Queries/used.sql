WITH RECURSIVE r (id) AS (
    SELECT id FROM part WHERE is_product
    UNION
    SELECT c.piece FROM r JOIN contains c ON c.part = r.id
)
SELECT p.id, p.name FROM part p JOIN r USING (id);
