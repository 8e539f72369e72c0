-- name: arithmetic
SELECT id + 1 - product_id * 2 / 3 % 5 AS n, - amount AS negative, + amount AS positive, 2 ^ 3 ^ 2 AS power, @ (- id) AS absolute FROM shop.orders
-- name: negative_constants
SELECT -1 AS a, -1.5 AS b, -(2) AS c, - -3 AS d, 1e10 AS e, '-7'::integer AS f, '-1'::bigint AS g, 9999999999999999999 AS h, 0.1e-5 AS i
-- name: comparisons
SELECT id FROM shop.orders WHERE amount > 1 AND amount >= 2 AND amount < 100 AND amount <= 99 AND amount <> 50 AND NOT amount = 7
-- name: logic
SELECT id FROM shop.orders WHERE (paid OR amount > 5 OR NOT (paid AND region = 'x')) AND (paid IS TRUE OR (id = 1 AND id = 2) OR NOT (NOT paid))
-- name: between_and_in
SELECT id FROM shop.orders WHERE amount BETWEEN 1 AND 2 AND id NOT BETWEEN 3 AND 4 AND amount BETWEEN SYMMETRIC 9 AND 8 AND region IN ('a', 'b') AND id NOT IN (1, 2, 3)
-- name: in_mixed_expressions
SELECT id FROM shop.orders WHERE id IN (product_id, customer_id + 1, 7) AND region IN ('only')
-- name: like_and_similar
SELECT name FROM shop.customers WHERE name LIKE 'a%' AND name NOT LIKE '%b' AND name ILIKE 'C_' AND name SIMILAR TO '(a|b)%' AND name LIKE 'x!%' ESCAPE '!' AND name NOT SIMILAR TO 'q' ESCAPE '\'
-- name: regular_expressions
SELECT name FROM shop.customers WHERE name ~ '^a\d+$' AND name !~ 'b' AND name ~* 'C' AND name !~* 'd\\e'
-- name: null_tests
SELECT id FROM shop.orders WHERE customer_id IS NULL AND region IS NOT NULL AND (customer_id, region) IS NULL AND ROW(1, region) IS NOT NULL
-- name: row_null_test
SELECT c.id FROM shop.customers c WHERE c.home IS NULL AND c IS NOT NULL
-- name: boolean_tests
SELECT id, paid IS TRUE AS a, paid IS NOT TRUE AS b, paid IS FALSE AS c, paid IS NOT FALSE AS d, paid IS UNKNOWN AS e, paid IS NOT UNKNOWN AS f FROM shop.orders
-- name: distinct_from
SELECT id FROM shop.orders WHERE region IS DISTINCT FROM 'x' OR region IS NOT DISTINCT FROM NULL OR (id, region) IS DISTINCT FROM (1, 'a')
-- name: case_searched
SELECT CASE WHEN amount > 100 THEN 'big' WHEN amount > 10 THEN 'medium' ELSE 'small' END AS size, CASE WHEN paid THEN 1 END AS one FROM shop.orders
-- name: case_simple
SELECT CASE region WHEN 'n' THEN 1 WHEN 's' THEN 2 ELSE (CASE id WHEN 1 THEN 3 END) END AS code FROM shop.orders
-- name: conditionals
SELECT COALESCE(discount, 0, 1) AS a, NULLIF(amount, 0) AS b, GREATEST(id, product_id, 5) AS c, LEAST(order_date, CURRENT_DATE) AS d FROM shop.orders
-- name: casts
SELECT id::text AS a, amount::integer AS b, (amount + 1)::double precision AS c, CAST('12' AS smallint) AS d, region::character varying(3) AS e, order_date::timestamp with time zone AS f, NULL::integer AS g, placed::timestamp(2) AS h, placed::time AS i, note::"char" AS j, note::bpchar AS k FROM shop.orders
-- name: typed_constants
SELECT date '2024-01-01' AS a, timestamp with time zone '2024-01-01 00:00:00+00' AS b, interval '1 day 02:00' AS c, time '10:00' AS d, '{1,2}'::integer[] AS e, '(1,2)'::point AS f, '\xdead'::bytea AS g, '[1,5)'::int4range AS h, 'happy'::shop.mood AS i, '12.5'::shop.positive AS j, 'a=>1'::shop.hstore AS k, 'X'::shop.citext AS l
-- name: bit_strings
SELECT B'1010' AS a, X'1F' AS b, B'' AS c, B'101'::bit(5) AS d, bits & B'11110000' AS e, varbits || B'1' AS f FROM shop.events
-- name: interval_fields
SELECT interval '1' year AS a, interval '1-2' year to month AS b, interval '3 4:05' day to minute AS c, lasted::interval(2) AS d, lasted::interval hour to second(1) AS e, lasted::interval minute AS f FROM shop.events
-- name: string_constants
SELECT 'plain' AS a, 'it''s' AS b, E'line\nbreak\ttab' AS c, 'back\slash' AS d, E'\\both''' AS e, '' AS f, $$dollar 'quoted'$$ AS g, $tag$ $$ $tag$ AS h, U&'d\0061t\+000061' AS i, 'ünïcödé 日本 😀' AS j, '$1 -- /* */ ;' AS k
-- name: boolean_constants
SELECT true AS a, false AS b, NULL AS c, NULL::boolean AS d, 'yes'::boolean AS e
-- name: arrays
SELECT ARRAY[1, 2, 3] AS a, ARRAY[]::text[] AS b, ARRAY[[1, 2], [3, 4]] AS c, ARRAY[id, product_id] AS d, ARRAY(SELECT name FROM shop.products ORDER BY id) AS e, ARRAY[ARRAY['x'::text], ARRAY['y'::text]] AS f FROM shop.orders
-- name: subscripts
SELECT tags[1] AS a, tags[1:2] AS b, tags[:2] AS c, tags[2:] AS d, tags[:] AS e, matrix[1][2] AS f, matrix[1:2][1:1] AS g, (ARRAY[1, 2, 3])[2] AS h, (string_to_array(name, ','))[id + 1] AS i, (tags || 'x'::text)[1] AS j FROM shop.products
-- name: jsonb_subscripts
SELECT payload['a'] AS a, payload['a']['b'][0] AS b, (payload -> 'x')['y'] AS c FROM shop.events
-- name: rows
SELECT ROW(id, name)::text AS a, ROW()::text AS b, ROW(1)::text AS c, (id, name)::shop.parent AS d, ROW(ROW(1, 2), 'x')::text AS e, row_to_json((id, name)) AS f FROM shop.products
-- name: row_comparisons
SELECT id FROM shop.orders WHERE (id, region) = (1, 'a') AND (id, product_id) < (2, 3) AND ROW(id, region) <> ROW(2, 'b') AND (order_date, id) >= ('2024-01-01', 7)
-- name: field_selection
SELECT (home).street AS a, (c.home).geo AS b, (shop.home_of(c)).city AS c, ((ROW(home, NULL)::shop.nested).home).city AS d, ((ROW(home, NULL)::shop.nested).tags)[1] AS e, (home).geo[0] AS f FROM shop.customers c
-- name: whole_rows
SELECT c AS a, c.*::text AS b, row_to_json(c.*) AS c, shop.customer_row(c) AS d, ROW(c.*, 1)::text AS e, ROW(c, 2)::text AS f, count(c.*) OVER () AS h FROM shop.customers c
-- name: expanded_composite
SELECT (home).*, id FROM shop.customers
-- name: collations
SELECT name COLLATE "C" AS a, name || 'x' COLLATE "POSIX" AS b, name < 'b' COLLATE "en-x-icu" AS c, name = 'A' COLLATE shop.nd AS d FROM shop.customers ORDER BY name COLLATE "C" DESC
-- name: collate_and_cast
SELECT (name COLLATE "C")::character varying(3) AS a, (id::text COLLATE "C") > 'x' AS b FROM shop.customers
-- name: at_time_zone
SELECT updated_at AT TIME ZONE 'UTC' AS a, birthday::timestamp AT TIME ZONE 'Europe/Berlin' AS b, (updated_at AT TIME ZONE 'UTC') AT TIME ZONE interval '1 hour' AS c FROM shop.customers
-- name: at_local
-- since: 17
SELECT updated_at AT LOCAL AS a FROM shop.customers
-- name: operators_of_many_kinds
SELECT payload -> 'a' ->> 'b' AS a, payload #>> '{x,y}' AS b, payload @> '{"k": 1}' AS c, payload ? 'k' AS d, payload ?| ARRAY['a', 'b'] AS e, payload @? '$.a[*]' AS f, payload || '{}' AS g, payload - 'k' AS h, payload #- '{a}' AS i FROM shop.events
-- name: geometric_and_network
SELECT location <-> point '(0,0)' AS a, location <@ box '(1,1),(0,0)' AS b, address << inet '10.0.0.0/8' AS c, address && inet '10.0.0.1' AS d, ~ address AS e, !! 'a & b'::tsquery AS f, |/ 25.0 AS g FROM shop.events
-- name: ranges
SELECT during @> now() AS a, during && tstzrange(now(), NULL) AS b, lower(during) AS c, spans + '{[1,3)}'::int4multirange AS d, '[1.5,2]'::shop.floatrange AS e FROM shop.events
-- name: qualified_operators
SELECT a.id OPERATOR(shop.===) 5 AS x, OPERATOR(shop.~~!) a.id AS y, a.id OPERATOR(pg_catalog.+) 1 AS z, (a.id OPERATOR(shop.===) 1) AND true AS w FROM shop.products a
-- name: qualified_operator_any
SELECT id FROM shop.products WHERE id OPERATOR(shop.===) ANY (ARRAY[1, 2]) OR id OPERATOR(shop.===) ALL (SELECT product_id FROM shop.orders)
-- name: any_and_all_arrays
SELECT id FROM shop.products WHERE 'x' = ANY (tags) AND id <> ALL (ARRAY[1, 2]) AND name LIKE ANY (ARRAY['a%', 'b%']) AND id < SOME ('{3,4}'::integer[])
-- name: any_of_subquery_array
SELECT id FROM shop.products WHERE 'x' = ANY ((SELECT tags FROM shop.products p2 LIMIT 1)::text[])
-- name: exists
SELECT id FROM shop.customers c WHERE EXISTS (SELECT 1 FROM shop.orders o WHERE o.customer_id = c.id) AND NOT EXISTS (SELECT FROM shop.orders o WHERE o.amount > 100 AND o.customer_id = c.id)
-- name: in_subquery
SELECT id FROM shop.customers WHERE id IN (SELECT customer_id FROM shop.orders) OR id NOT IN (SELECT product_id FROM shop.orders WHERE paid)
-- name: in_subquery_several_columns
SELECT id FROM shop.orders WHERE (id, product_id) IN (SELECT id, id FROM shop.products) AND (region, paid) NOT IN (SELECT 'x', true)
-- name: in_subquery_mixed_types
SELECT id FROM shop.orders WHERE id IN (SELECT id FROM shop.products) AND product_id::bigint IN (SELECT id FROM shop.customers)
-- name: quantified_subqueries
SELECT id FROM shop.orders WHERE amount > ALL (SELECT price FROM shop.products) OR amount < ANY (SELECT price FROM shop.products) OR (id, product_id) <> ALL (SELECT 1, 2) OR amount = ALL (SELECT 1)
-- name: row_subquery_comparison
SELECT id FROM shop.orders WHERE (id, product_id) = (SELECT 1, 2) OR (id, product_id) < (SELECT 3, 4)
-- name: scalar_subqueries
SELECT (SELECT max(amount) FROM shop.orders o WHERE o.customer_id = c.id) AS best, 1 + (SELECT count(*) FROM shop.orders) AS n, (SELECT o FROM shop.orders o LIMIT 1) AS whole, ((SELECT c2.home FROM shop.customers c2 LIMIT 1)).city AS city FROM shop.customers c
-- name: nested_subqueries
SELECT id FROM shop.customers c WHERE id = (SELECT max(o.customer_id) FROM shop.orders o WHERE o.amount > (SELECT avg(o2.amount) FROM shop.orders o2 WHERE o2.region = o.region AND EXISTS (SELECT 1 WHERE o2.id > c.id)))
-- name: overlaps
SELECT (order_date, order_date + 5) OVERLAPS (CURRENT_DATE, interval '3 days') AS a, (placed, placed) OVERLAPS (now()::timestamp, placed) AS b FROM shop.orders
-- name: value_functions
SELECT CURRENT_DATE AS a, CURRENT_TIME AS b, CURRENT_TIME(2) AS c, CURRENT_TIMESTAMP AS d, CURRENT_TIMESTAMP(0) AS e, LOCALTIME AS f, LOCALTIME(3) AS g, LOCALTIMESTAMP AS h, LOCALTIMESTAMP(1) AS i, CURRENT_USER AS j, SESSION_USER AS k, USER AS l, CURRENT_ROLE AS m, CURRENT_CATALOG AS n, CURRENT_SCHEMA AS o
-- name: system_user
-- since: 16
SELECT SYSTEM_USER AS a
-- name: enums_domains_extensions
SELECT feeling = 'ok' AS a, feeling > 'sad' AS b, email OPERATOR(shop.=) 'A@B' AS c, attributes OPERATOR(shop.->) 'k' AS d, attributes OPERATOR(shop.?) 'k' AS e, email::text AS f FROM shop.customers WHERE feeling IN ('sad', 'happy')
-- name: domain_arithmetic
SELECT price + 1 AS a, price::shop.positive AS b, (price * 2)::shop.positive AS c, cost * 2 AS d FROM shop.products
-- name: registered_objects
SELECT 'shop.orders'::regclass AS a, 'shop.area(integer,integer)'::regprocedure AS b, 'shop.mood'::regtype AS c, 12::oid AS d, 'pg_class'::pg_catalog.regclass::oid AS e
-- name: numbers_of_version_16
-- since: 16
SELECT 0x1F AS a, 0o17 AS b, 0b101 AS c, 1_000_000 AS d
-- name: deep_parentheses
SELECT ((((((((((id + 1) * 2) + 3) * 4) + 5) * 6) + 7) * 8) + 9) * 10) AS n FROM shop.orders
-- name: long_concatenation
SELECT name || 'a' || name || 'b' || name || 'c' || name || 'd' || name || 'e' || name || 'f' || name || 'g' || name || 'h' AS n FROM shop.customers
-- name: casts_of_whole_rows_and_arrays
SELECT tags::character varying(3)[] AS a, ARRAY[id, 2]::bigint[] AS b, '{}'::shop.mood[] AS c, ARRAY[ROW(1, 'a')::shop.parent] AS d, (ARRAY[ROW(1, 'a')::shop.parent])[1].label AS e FROM shop.products
