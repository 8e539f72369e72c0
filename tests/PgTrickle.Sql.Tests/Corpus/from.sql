-- name: inner_join
SELECT c.name, o.amount FROM shop.customers c JOIN shop.orders o ON o.customer_id = c.id
-- name: outer_joins
SELECT c.name, o.amount, p.name AS product FROM shop.customers c LEFT JOIN shop.orders o ON o.customer_id = c.id AND o.paid RIGHT OUTER JOIN shop.products p ON p.id = o.product_id FULL JOIN shop.employees e ON e.id = p.id
-- name: cross_join
SELECT c.id, p.id AS product_id FROM shop.customers c CROSS JOIN shop.products p
-- name: comma_join
SELECT c.id, p.id AS product_id, o.id AS order_id FROM shop.customers c, shop.products p, shop.orders o WHERE o.customer_id = c.id AND o.product_id = p.id
-- name: join_using
SELECT id, c.name, p.price FROM shop.customers c JOIN shop.products p USING (id)
-- name: join_using_several
SELECT id, name, e.salary FROM shop.products p FULL JOIN shop.employees e USING (id, name)
-- name: join_using_alias
SELECT j.id, c.name FROM shop.customers c LEFT JOIN shop.products p USING (id) AS j WHERE j.id > 0
-- name: natural_join
SELECT id, name FROM shop.products NATURAL JOIN shop.employees
-- name: natural_full_join
SELECT * FROM shop.parent NATURAL FULL JOIN shop.child
-- name: nested_joins
SELECT a.id FROM shop.customers a LEFT JOIN (shop.orders b JOIN (shop.products c LEFT JOIN shop.employees d ON d.id = c.id) ON c.id = b.product_id) ON b.customer_id = a.id
-- name: aliased_join
SELECT j.x, j.y, j.amount FROM (shop.customers c(x, y) JOIN shop.orders o ON o.customer_id = c.x) j(x, y)
-- name: aliased_join_using
SELECT j.id, j.n FROM (shop.customers JOIN shop.products USING (id)) AS j(id, n)
-- name: cross_join_of_joins
SELECT a.id FROM (shop.customers a JOIN shop.orders b ON a.id = b.customer_id) CROSS JOIN (shop.products c JOIN shop.employees d ON c.id = d.id)
-- name: self_join
SELECT a.name, b.name AS boss FROM shop.employees a LEFT JOIN shop.employees b ON b.id = a.manager_id JOIN shop.employees c ON c.id = b.manager_id
-- name: join_true
SELECT a.id FROM shop.customers a LEFT JOIN shop.orders b ON true INNER JOIN shop.products c ON false
-- name: non_equi_join
SELECT a.id FROM shop.orders a JOIN shop.orders b ON a.amount < b.amount AND a.order_date BETWEEN b.order_date - 1 AND b.order_date AND a.region IS NOT DISTINCT FROM b.region
-- name: table_alias_columns
SELECT t.a, t.b, t.amount FROM shop.orders t(a, b)
-- name: same_name_without_alias
SELECT orders.id, orders.amount FROM shop.orders
-- name: same_name_in_two_schemas
SELECT pg_class.relname, c.relname AS other FROM pg_catalog.pg_class, pg_catalog.pg_class c
-- name: only
SELECT id FROM ONLY shop.parent
-- name: only_with_alias
SELECT p.id, c.extra FROM ONLY shop.parent AS p JOIN ONLY (shop.child) c ON c.id = p.id
-- name: table_command
TABLE shop.parent
-- name: tablesample
SELECT id FROM shop.orders TABLESAMPLE SYSTEM (10)
-- name: tablesample_repeatable
SELECT o.id FROM shop.orders o TABLESAMPLE bernoulli (12.5) REPEATABLE (42)
-- name: derived_table
SELECT s.region, s.total FROM (SELECT region, sum(amount) AS total FROM shop.orders GROUP BY region) s WHERE s.total > 10
-- name: derived_table_columns
SELECT s.a, s.b FROM (SELECT region, sum(amount) FROM shop.orders GROUP BY region) AS s(a, b)
-- name: derived_table_without_alias
-- since: 16
SELECT region FROM (SELECT region FROM shop.orders)
-- name: derived_set_operation
SELECT s.id FROM (SELECT id FROM shop.orders UNION ALL SELECT id FROM shop.products) s
-- name: derived_nested_set_operation
SELECT s.id FROM ((SELECT id FROM shop.orders LIMIT 1) UNION (SELECT id FROM shop.products ORDER BY id LIMIT 2)) s
-- name: derived_values
SELECT v.a, v.b FROM (VALUES (1, 'x'), (2, 'y')) v(a, b)
-- name: join_starting_with_derived_table
SELECT s.id FROM ((SELECT id FROM shop.orders) s JOIN shop.products p ON p.id = s.id) LEFT JOIN shop.customers c ON c.id = s.id
-- name: lateral_subquery
SELECT c.id, o.amount FROM shop.customers c, LATERAL (SELECT amount FROM shop.orders WHERE customer_id = c.id ORDER BY order_date DESC LIMIT 1) o
-- name: left_join_lateral
SELECT c.id, o.n FROM shop.customers c LEFT JOIN LATERAL (SELECT count(*) AS n FROM shop.orders WHERE customer_id = c.id) o ON true
-- name: function_in_from
SELECT g FROM generate_series(1, 10, 2) g
-- name: function_with_columns
SELECT p.x, p.y FROM shop.pairs(3) AS p(x, y)
-- name: function_without_alias
SELECT a, b FROM shop.pairs(3)
-- name: function_of_columns
SELECT p.id, t.tag FROM shop.products p, unnest(p.tags) AS t(tag)
-- name: function_with_ordinality
SELECT p.id, t.tag, t.n FROM shop.products p CROSS JOIN LATERAL unnest(p.tags) WITH ORDINALITY AS t(tag, n)
-- name: unnest_of_several
SELECT u.a, u.b FROM shop.products p, unnest(p.tags, ARRAY[1, 2]) AS u(a, b)
-- name: rows_from
SELECT r.a, r.b, r.c FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['x', 'y']), generate_series(7, 8)) AS r(a, b, c)
-- name: rows_from_ordinality
SELECT r.* FROM ROWS FROM (shop.pairs(2), generate_series(1, 2)) WITH ORDINALITY AS r(a, b, c, n)
-- name: column_definitions
SELECT r.a, r.b FROM shop.some_record(3) AS r(a integer, b text)
-- name: column_definitions_with_collation
SELECT r.a, r."B b" FROM shop.some_record(3) AS r(a integer, "B b" text COLLATE "C")
-- name: rows_from_with_definitions
SELECT r.a, r.b, r.g FROM ROWS FROM (shop.some_record(2) AS (a integer, b text), generate_series(1, 2)) AS r(a, b, g)
-- name: json_functions_in_from
SELECT e.event_id, k.key, k.value FROM shop.events e, jsonb_each_text(e.payload) k(key, value)
-- name: json_to_recordset
SELECT r.a, r.b FROM shop.events e, jsonb_to_recordset(e.payload) AS r(a integer, b character varying(10)[])
-- name: values_of_session_in_from
SELECT u.x, d.y FROM CURRENT_USER u(x), CURRENT_DATE d(y)
-- name: grammar_functions_in_from
SELECT a, b, c FROM COALESCE(1, 2) a, CAST('x' AS text) b, EXTRACT(year FROM now()) c
-- name: inlined_cast_in_from
SELECT x FROM int4(7.2) x, CAST(1 + 1 AS bigint) y
-- name: regexp_in_from
SELECT p.id, m.m FROM shop.products p LEFT JOIN regexp_matches(p.name, '(\w+)', 'g') m(m) ON m.m IS NOT NULL
-- name: view_of_catalog
SELECT n.nspname, c.relname, c.relkind FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'v' AND c.oid = 'pg_class'::regclass
-- name: system_columns
SELECT o.ctid, o.xmin, o.tableoid::regclass AS t FROM shop.orders o
-- name: eight_joins
SELECT a.id FROM shop.orders a JOIN shop.orders b ON a.id = b.id JOIN shop.orders c ON b.id = c.id JOIN shop.orders d ON c.id = d.id JOIN shop.orders e ON d.id = e.id JOIN shop.orders f ON e.id = f.id JOIN shop.orders g ON f.id = g.id JOIN shop.orders h ON g.id = h.id
