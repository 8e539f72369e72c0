WITH RECURSIVE r (head, id) AS (
    SELECT id, id FROM staff
    UNION ALL
    SELECT r.head, s.id FROM r JOIN staff s ON s.boss = r.id
)
SELECT r.head, count(*) AS people, sum(s.salary) AS salaries FROM r JOIN staff s USING (id) GROUP BY r.head;
