-- name: quoted_columns
SELECT "Key", "select", "with space", "quote""d", "dollar$sign", "größe", "日本", "value", "left", "a.b", "123", "UPPER", "this_name_is_exactly_sixty_three_bytes_long_which_is_the_limit_" FROM "Odd Schema"."Mixed Case"
-- name: quoted_columns_two_relations
SELECT "M"."Key", "M"."select", "order"."left" FROM "Odd Schema"."Mixed Case" "M" JOIN "Odd Schema"."Mixed Case" "order" ON "M"."Key" = "order"."UPPER"
-- name: quoted_aliases
SELECT id AS "SELECT", amount AS "a""b", region AS "Ünïcödé", paid AS " ", order_date AS "end", product_id AS "😀" FROM (SELECT id, amount, region, paid, order_date, product_id FROM shop.orders) "from"
-- name: keywords_as_names
SELECT o.id AS "user", o.id AS "table", o.id AS "all", o.id AS "window", o.id AS "over", o.id AS "filter", o.id AS "within", o.id AS "json", o.id AS "values", o.id AS "row", o.id AS "rows", o.id AS "array", o.id AS "case", o.id AS "interval", o.id AS "nulls", o.id AS "partition", o.id AS "natural", o.id AS "position" FROM shop.orders o
-- name: keywords_as_relations
SELECT "all".id, "rows".id AS id2, "lateral".id AS id3, "values".id AS id4, "only".id AS id5 FROM shop.orders "all", shop.orders "rows", shop.orders "lateral", shop.products "values", shop.products "only"
-- name: quoted_windows_and_tables
WITH "With" AS (SELECT id FROM shop.orders), "rollup"("Cube") AS (SELECT 1) SELECT sum("With".id) OVER "Window", "rollup"."Cube" FROM "With", "rollup" WINDOW "Window" AS (ORDER BY "With".id)
-- name: name_looks_like_number_or_operator
SELECT "Mixed Case"."123" + "Mixed Case"."a.b" AS "+", "Mixed Case"."dollar$sign" AS "$1" FROM "Odd Schema"."Mixed Case"
-- name: comment_characters_in_names
SELECT id AS "--", amount AS "/* x */", paid AS "a;b", region AS "it's" FROM shop.orders
-- name: columns_named_like_functions
SELECT n.count, n.sum, n.coalesce, n.extract, n.trim, n.xmlelement FROM (SELECT 1 AS count, 2 AS sum, 3 AS "coalesce", 4 AS "extract", 5 AS "trim", 6 AS "xmlelement") n
-- name: columns_named_like_unreserved_keywords
SELECT n.name, n.type, n.value, n.day, n.path, n.text, n.key, n.keys, n.at, n.zone, n.first, n.last, n.groups, n.range FROM (SELECT 1 AS name, 2 AS type, 3 AS value, 4 AS day, 5 AS path, 6 AS text, 7 AS key, 8 AS keys, 9 AS at, 10 AS zone, 11 AS first, 12 AS last, 13 AS groups, 14 AS range) n ORDER BY n.first
