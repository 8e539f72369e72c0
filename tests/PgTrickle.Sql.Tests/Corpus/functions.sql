-- name: plain_calls
SELECT upper(name) AS a, substr(name, 1, 2) AS b, round(id / 3.0, 2) AS c, now() AS d, random() AS e, concat(name, 1, true) AS f, format('%s', name) AS g, pg_typeof(id) AS h FROM shop.products
-- name: user_functions
SELECT shop.area(id) AS a, shop.area(x => id, y => 3) AS b, shop.area(id, y => 4) AS c, shop.area(y => 1, x => 2) AS d, shop."Strange Name"(id) AS e FROM shop.products
-- name: variadic_calls
SELECT shop.total(1, 2, 3) AS a, shop.total(VARIADIC ARRAY[1, 2]::numeric[]) AS b, concat(VARIADIC tags) AS c, format('%s', VARIADIC ARRAY['x']) AS d, jsonb_build_object(VARIADIC tags) AS e FROM shop.products
-- name: extract
SELECT EXTRACT(year FROM order_date) AS a, EXTRACT(epoch FROM placed) AS b, EXTRACT(dow FROM order_date) AS c, EXTRACT('isodow' FROM order_date) AS d, EXTRACT(timezone_hour FROM now()) AS e, date_part('month', order_date) AS f, EXTRACT(second FROM placed - order_date) AS g FROM shop.orders
-- name: substring
SELECT SUBSTRING(name FROM 2 FOR 3) AS a, SUBSTRING(name FROM 2) AS b, SUBSTRING(name FOR 2) AS c, SUBSTRING(name FROM '[a-z]+') AS d, SUBSTRING(name SIMILAR '%#"b#"%' ESCAPE '#') AS e, SUBSTRING(name, 1, 2) AS f, substring(bytes FROM 1 FOR 1) AS g FROM shop.products, shop.events
-- name: overlay
SELECT OVERLAY(name PLACING 'x' FROM 2 FOR 1) AS a, OVERLAY(name PLACING 'yy' FROM 3) AS b FROM shop.products
-- name: position
SELECT POSITION('a' IN name) AS a, POSITION(name || 'b' IN name || 'c') AS b, strpos(name, 'x') AS c FROM shop.products
-- name: trim
SELECT TRIM(name) AS a, TRIM(BOTH 'x' FROM name) AS b, TRIM(LEADING FROM name) AS c, TRIM(TRAILING 'ab' FROM name) AS d, btrim(name, 'z') AS e, ltrim(name) AS f FROM shop.products
-- name: normalize
SELECT NORMALIZE(name) AS a, NORMALIZE(name, NFKD) AS b, name IS NORMALIZED AS c, name IS NFC NORMALIZED AS d, name IS NOT NFD NORMALIZED AS e FROM shop.products
-- name: collation_for
SELECT COLLATION FOR (name) AS a, COLLATION FOR (name || 'x' COLLATE "C") AS b FROM shop.products
-- name: functions_named_like_keywords
SELECT "left"(name, 1) AS a, "right"(name, 1) AS b, "substring"(name, 1) AS c, "position"(name, 'x') AS d, "overlay"(name, 'x', 1) AS e, "current_schema"() AS f, "char"(65) AS g, reverse("repeat"(name, 2)) AS h FROM shop.products
-- name: calls_that_look_like_casts
SELECT int4(amount) AS a, text(note) AS b, float8(id) AS c, date(placed) AS d, "numeric"(amount, 5) AS e FROM shop.orders
-- name: aggregates
SELECT region, count(*) AS a, count(customer_id) AS b, sum(amount) AS c, avg(amount) AS d, min(order_date) AS e, max(order_date) AS f, bool_and(paid) AS g, every(paid) AS h, stddev(amount) AS i FROM shop.orders GROUP BY region
-- name: aggregate_distinct
SELECT count(DISTINCT region) AS a, sum(DISTINCT amount) AS b, count(DISTINCT (region, paid)) AS c, string_agg(DISTINCT region, ',' ORDER BY region) AS d FROM shop.orders
-- name: aggregate_order_by
SELECT string_agg(region, ', ' ORDER BY order_date DESC, id) AS a, array_agg(id ORDER BY amount USING >, id NULLS FIRST) AS b, array_agg(region ORDER BY region COLLATE "C" DESC NULLS LAST) AS c FROM shop.orders
-- name: aggregate_filter
SELECT count(*) FILTER (WHERE paid) AS a, sum(amount) FILTER (WHERE region = 'n' AND NOT paid) AS b, string_agg(region, ',' ORDER BY id) FILTER (WHERE id > 1) AS c FROM shop.orders
-- name: ordered_set_aggregates
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) AS a, percentile_disc(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY amount DESC) AS b, mode() WITHIN GROUP (ORDER BY region) AS c, rank(5) WITHIN GROUP (ORDER BY id) AS d, percentile_cont(0.9) WITHIN GROUP (ORDER BY amount) FILTER (WHERE paid) AS e, dense_rank(1, 'x') WITHIN GROUP (ORDER BY id, region NULLS FIRST) AS f FROM shop.orders
-- name: user_aggregates
SELECT shop.concat_all(region) AS a, shop.least_of(DISTINCT product_id) AS b, shop.concat_all(region ORDER BY id) FILTER (WHERE paid) AS c FROM shop.orders
-- name: any_value
-- since: 16
SELECT region, any_value(amount) AS a, array_agg(DISTINCT id) AS b FROM shop.orders GROUP BY region
-- name: aggregate_in_expression
SELECT region, round(sum(amount) / NULLIF(count(*), 0), 2) AS a, CASE WHEN count(*) > 3 THEN 'many' ELSE 'few' END AS b, sum(CASE WHEN paid THEN amount ELSE 0 END) AS c FROM shop.orders GROUP BY region
-- name: row_number
SELECT id, row_number() OVER (PARTITION BY region ORDER BY amount DESC, id) AS n, rank() OVER (ORDER BY amount) AS r, ntile(4) OVER (ORDER BY id) AS q FROM shop.orders
-- name: window_defaults
SELECT id, count(*) OVER () AS a, sum(amount) OVER (PARTITION BY region) AS b, sum(amount) OVER (ORDER BY id) AS c, avg(amount) FILTER (WHERE paid) OVER (PARTITION BY region ORDER BY id) AS d FROM shop.orders
-- name: window_lag_lead
SELECT id, lag(amount) OVER w AS a, lead(amount, 2, 0.0) OVER w AS b, first_value(id) OVER w AS c, nth_value(id, 2) OVER (w ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS d FROM shop.orders WINDOW w AS (PARTITION BY region ORDER BY order_date NULLS FIRST)
-- name: window_frames_rows
SELECT sum(id) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS a, sum(id) OVER (ORDER BY id ROWS 3 PRECEDING) AS b, sum(id) OVER (ORDER BY id ROWS BETWEEN 2 FOLLOWING AND UNBOUNDED FOLLOWING) AS c, sum(id) OVER (ROWS BETWEEN (1 + 1) PRECEDING AND 1 FOLLOWING) AS d FROM shop.orders
-- name: window_frames_range
SELECT sum(id) OVER (ORDER BY order_date RANGE BETWEEN interval '1 day' PRECEDING AND '2 days'::interval FOLLOWING) AS a, sum(id) OVER (ORDER BY id RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS b FROM shop.orders
-- name: window_frames_groups
SELECT sum(id) OVER (ORDER BY region GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS a, sum(id) OVER (ORDER BY region GROUPS CURRENT ROW) AS b FROM shop.orders
-- name: window_exclusion
SELECT sum(id) OVER (ORDER BY region ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) AS a, sum(id) OVER (ORDER BY region RANGE UNBOUNDED PRECEDING EXCLUDE GROUP) AS b, sum(id) OVER (ORDER BY region GROUPS UNBOUNDED PRECEDING EXCLUDE TIES) AS c, sum(id) OVER (ORDER BY region ROWS UNBOUNDED PRECEDING EXCLUDE NO OTHERS) AS d FROM shop.orders
-- name: windows_of_the_window_clause
SELECT sum(id) OVER a AS x, sum(id) OVER (b ORDER BY id) AS y, sum(id) OVER c AS z FROM shop.orders WINDOW a AS (ORDER BY id), b AS (PARTITION BY region, paid), c AS (b ORDER BY amount DESC RANGE UNBOUNDED PRECEDING), "Odd Window" AS ()
-- name: window_over_aggregate
SELECT region, sum(amount) AS total, rank() OVER (ORDER BY sum(amount) DESC) AS r, sum(sum(amount)) OVER () AS share FROM shop.orders GROUP BY region
-- name: window_in_expression
SELECT id, amount - avg(amount) OVER (PARTITION BY region) AS diff, CASE WHEN row_number() OVER (ORDER BY id) = 1 THEN 'first' ELSE 'rest' END AS place FROM shop.orders
-- name: set_returning_in_select
SELECT id, unnest(tags) AS tag, generate_series(1, id) AS n, jsonb_array_elements('[1,2]') AS e FROM shop.products
-- name: date_functions
SELECT date_trunc('hour', created_at) AS a, age(created_at) AS b, make_interval(days => 3) AS c, to_char(created_at, 'YYYY-MM-DD "T"HH24') AS d, created_at + lasted * 2 AS e, make_date(2024, 1, 1) AS f, at_zone::time AS g FROM shop.events
-- name: nested_calls
SELECT upper(lower(upper(lower(coalesce(nullif(btrim(name), ''), 'none'))))) AS a FROM shop.products
-- name: text_search
SELECT to_tsvector('english', name) @@ to_tsquery('english', 'a & b') AS a, ts_rank(to_tsvector(name), plainto_tsquery('x')) AS b FROM shop.products
-- name: aggregate_over_rows
SELECT json_agg(o) AS a, jsonb_agg(o.*) AS b, array_agg(o ORDER BY o.id) AS c, count(o) AS d, json_object_agg(region, amount) AS e FROM shop.orders o
-- name: aggregate_variadic_and_hypothetical
SELECT cume_dist(1) WITHIN GROUP (ORDER BY id) AS a, percent_rank(1, 2) WITHIN GROUP (ORDER BY product_id, id) AS b FROM shop.orders
