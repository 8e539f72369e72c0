WITH RECURSIVE r (product, id) AS (
    SELECT id, id FROM part WHERE is_product
    UNION
    SELECT r.product, c.piece FROM r JOIN contains c ON c.part = r.id
)
SELECT product, count(*) AS pieces FROM r GROUP BY product;
