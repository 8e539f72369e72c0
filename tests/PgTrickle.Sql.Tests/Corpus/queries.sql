-- name: no_targets
SELECT FROM shop.orders
-- name: constants_only
SELECT 1 AS one
-- name: distinct
SELECT DISTINCT region, paid FROM shop.orders
-- name: distinct_on
SELECT DISTINCT ON (customer_id, (date_trunc('day', placed))) customer_id, amount, placed FROM shop.orders ORDER BY customer_id, (date_trunc('day', placed)), placed DESC NULLS LAST
-- name: distinct_on_without_order
SELECT DISTINCT ON (id) id, amount FROM shop.orders
-- name: group_by_expression
SELECT date_trunc('month', order_date) AS month, count(*) AS n FROM shop.orders GROUP BY date_trunc('month', order_date)
-- name: group_by_ordinal
SELECT region, paid, count(*) AS n FROM shop.orders GROUP BY 1, 2
-- name: group_by_primary_key
SELECT c.id, c.name, c.tier, count(o.id) AS n FROM shop.customers c LEFT JOIN shop.orders o ON o.customer_id = c.id GROUP BY c.id
-- name: group_by_constant
SELECT count(*) AS n FROM shop.orders GROUP BY ('x'::text), (1 + 0)
-- name: group_by_nothing
SELECT count(*) AS n FROM shop.orders GROUP BY ()
-- name: having
SELECT region, sum(amount) AS total FROM shop.orders GROUP BY region HAVING sum(amount) > 10 AND count(*) > 1 OR region IS NULL
-- name: having_without_group
SELECT sum(amount) AS total FROM shop.orders HAVING count(*) > 3
-- name: grouping_sets
SELECT region, paid, sum(amount) AS s, GROUPING(region, paid) AS g FROM shop.orders GROUP BY GROUPING SETS ((region, paid), (region), paid, ())
-- name: rollup_and_cube
SELECT region, paid, product_id, sum(amount) AS s FROM shop.orders GROUP BY ROLLUP (region, paid), CUBE (product_id, (customer_id, order_date))
-- name: nested_grouping_sets
SELECT region, paid, count(*) AS n FROM shop.orders GROUP BY GROUPING SETS (ROLLUP (region, paid), CUBE (paid), GROUPING SETS ((region), ()))
-- name: group_by_distinct
SELECT region, paid, count(*) AS n FROM shop.orders GROUP BY DISTINCT ROLLUP (region, paid), ROLLUP (region)
-- name: mixed_grouping
SELECT region, paid, (id % 2) AS odd, count(*) AS n FROM shop.orders GROUP BY region, ROLLUP (paid, (id % 2))
-- name: grouping_function_alone
SELECT region, GROUPING(region) AS g, CASE WHEN GROUPING(region) = 1 THEN 'all' ELSE region END AS label FROM shop.orders GROUP BY ROLLUP (region)
-- name: order_by
SELECT id, amount FROM shop.orders ORDER BY amount DESC, region NULLS FIRST, id DESC NULLS LAST, lower(region), 1
-- name: order_by_using
SELECT id, region FROM shop.orders ORDER BY region USING ~>~, id USING >
-- name: order_by_constant_expression
SELECT id FROM shop.orders ORDER BY (1 + id), (NULL::integer), 'x'::text
-- name: limit_and_offset
SELECT id FROM shop.orders ORDER BY id LIMIT 10 OFFSET 5
-- name: limit_expression
SELECT id FROM shop.orders ORDER BY id LIMIT (SELECT 3) OFFSET 1 + 1
-- name: limit_all
SELECT id FROM shop.orders LIMIT ALL OFFSET 2
-- name: limit_null
SELECT id FROM shop.orders LIMIT NULL
-- name: fetch_first
SELECT id FROM shop.orders ORDER BY id FETCH FIRST 5 ROWS ONLY
-- name: fetch_with_ties
SELECT id, amount FROM shop.orders ORDER BY amount FETCH FIRST 3 ROWS WITH TIES
-- name: fetch_with_ties_offset
SELECT id, amount FROM shop.orders ORDER BY amount OFFSET 2 ROWS FETCH NEXT (1 + 2) ROWS WITH TIES
-- name: for_update
SELECT id FROM shop.orders FOR UPDATE
-- name: for_share_of
SELECT o.id FROM shop.orders o JOIN shop.customers c ON c.id = o.customer_id FOR SHARE OF o FOR NO KEY UPDATE OF c NOWAIT
-- name: for_key_share
SELECT o.id FROM shop.orders o FOR KEY SHARE OF o SKIP LOCKED
-- name: values
VALUES (1, 'x'), (2, NULL), (3, 'z')
-- name: values_ordered
VALUES (1, 2.5), (3, 4) ORDER BY 1 DESC LIMIT 1
-- name: union_all
SELECT id, region FROM shop.orders UNION ALL SELECT id, name FROM shop.products UNION ALL SELECT 1, 'x'
-- name: union_distinct
SELECT region FROM shop.orders UNION SELECT name FROM shop.products ORDER BY 1 DESC NULLS LAST LIMIT 5
-- name: except_and_intersect
SELECT id FROM shop.orders EXCEPT SELECT id FROM shop.products INTERSECT SELECT id FROM shop.customers
-- name: set_operations_all
(SELECT id FROM shop.orders EXCEPT ALL SELECT id FROM shop.products) INTERSECT ALL SELECT id FROM shop.customers
-- name: set_operations_nested_right
SELECT id FROM shop.orders EXCEPT (SELECT id FROM shop.products UNION ALL (SELECT id FROM shop.customers EXCEPT SELECT 7))
-- name: set_operation_mixed_all
SELECT 1 AS a UNION SELECT 2 UNION ALL SELECT 2 UNION SELECT 3
-- name: set_operation_with_clauses_inside
(SELECT id FROM shop.orders ORDER BY amount LIMIT 1) UNION ALL (SELECT id FROM shop.products OFFSET 1) UNION (WITH q AS (SELECT 9 AS n) SELECT n FROM q)
-- name: set_operation_of_values
VALUES (1), (2) UNION SELECT id FROM shop.products EXCEPT VALUES (3)
-- name: set_operation_in_subquery
SELECT id FROM shop.orders WHERE id IN (SELECT id FROM shop.products UNION SELECT id FROM shop.customers) OR EXISTS ((SELECT 1) EXCEPT (SELECT 2)) OR id = (SELECT 1 UNION ALL SELECT 2 LIMIT 1)
-- name: set_operation_types
SELECT 1 AS a, 'x' AS b UNION SELECT 2.5, name FROM shop.products UNION SELECT NULL, NULL
-- name: set_operation_empty_targets
SELECT FROM shop.orders UNION ALL SELECT FROM shop.products
-- name: with
WITH q AS (SELECT id, amount FROM shop.orders WHERE paid), r AS (SELECT max(amount) AS m FROM q) SELECT q.id FROM q, r WHERE q.amount = r.m
-- name: with_columns_and_materialized
WITH a(x, y) AS MATERIALIZED (SELECT id, region FROM shop.orders), b AS NOT MATERIALIZED (SELECT x FROM a) SELECT b.x, a.y FROM a JOIN b ON a.x = b.x
-- name: with_nested
WITH outermost AS (WITH inner_one AS (SELECT 1 AS n) SELECT n FROM inner_one) SELECT n FROM outermost WHERE n IN (WITH z AS (SELECT 2 AS m) SELECT m FROM z)
-- name: with_same_name_as_table
WITH orders AS (SELECT id FROM shop.orders) SELECT orders.id FROM orders JOIN shop.orders o2 ON o2.id = orders.id
-- name: recursive
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n) AS s FROM t
-- name: recursive_tree
WITH RECURSIVE tree AS (SELECT id, manager_id, name, 1 AS depth, ARRAY[id] AS path FROM shop.employees WHERE manager_id IS NULL UNION SELECT e.id, e.manager_id, e.name, t.depth + 1, t.path || e.id FROM shop.employees e JOIN tree t ON t.id = e.manager_id) SELECT * FROM tree ORDER BY path
-- name: recursive_search_depth
WITH RECURSIVE g(s, t) AS (SELECT source, target FROM shop.edges UNION ALL SELECT g.s, e.target FROM g, shop.edges e WHERE g.t = e.source) SEARCH DEPTH FIRST BY s, t SET seq SELECT s, t FROM g ORDER BY seq
-- name: recursive_search_breadth
WITH RECURSIVE g(s, t) AS (SELECT source, target FROM shop.edges UNION ALL SELECT g.s, e.target FROM g, shop.edges e WHERE g.t = e.source) SEARCH BREADTH FIRST BY s SET "Seq" SELECT s, t FROM g ORDER BY "Seq"
-- name: recursive_cycle
WITH RECURSIVE g(s, t) AS (SELECT source, target FROM shop.edges UNION ALL SELECT g.s, e.target FROM g, shop.edges e WHERE g.t = e.source) CYCLE s, t SET is_cycle USING path SELECT s, t, is_cycle, path::text AS p FROM g
-- name: recursive_search_and_cycle
WITH RECURSIVE g(s, t) AS (SELECT source, target FROM shop.edges UNION ALL SELECT g.s, e.target FROM g, shop.edges e WHERE g.t = e.source) SEARCH DEPTH FIRST BY s SET seq CYCLE s SET loop TO 1 DEFAULT 0 USING path SELECT s FROM g
-- name: recursive_cycle_typed_marks
WITH RECURSIVE g(s, t) AS (SELECT source, target FROM shop.edges UNION ALL SELECT g.s, e.target FROM g, shop.edges e WHERE g.t = e.source) CYCLE s SET mark TO 'Y' DEFAULT 'N' USING path SELECT s, mark FROM g
-- name: recursive_two_tables
WITH RECURSIVE base AS (SELECT 1 AS n), t AS (SELECT n FROM base UNION ALL SELECT t.n + 1 FROM t WHERE t.n < 5), u AS (SELECT n FROM t) SELECT u.n, t.n AS m FROM u, t
-- name: order_by_expression_of_group
SELECT region, count(*) AS n FROM shop.orders GROUP BY region ORDER BY count(*) DESC, region
-- name: duplicate_expressions
SELECT amount, amount AS again, amount + 1 AS more, amount + 1 AS "even more" FROM shop.orders ORDER BY amount + 1
-- name: stream_bronze_silver
SELECT DISTINCT ON (event_id) event_id, event_type, (payload ->> 'amount')::numeric AS amount, created_at FROM shop.events WHERE event_type IN ('purchase', 'refund', 'subscription')
-- name: stream_customer_360
SELECT c.id, c.name, c.email, c.tier, COUNT(o.id) AS total_orders, COALESCE(SUM(o.amount), 0) AS lifetime_value FROM shop.customers c LEFT JOIN shop.orders o ON o.customer_id = c.id GROUP BY c.id, c.name, c.email, c.tier
-- name: stream_order_monitor
SELECT date_trunc('minute', order_date) AS minute, region, COUNT(*) AS orders, SUM(amount) AS revenue FROM shop.orders WHERE order_date >= CURRENT_DATE GROUP BY 1, 2
-- name: anti_join_idiom
SELECT c.id FROM shop.customers c LEFT JOIN shop.orders o ON o.customer_id = c.id WHERE o.id IS NULL
