-- name: old_json_object_function
SELECT json_object('{a,1,b,2}') AS a, json_object('{a,b}', '{1,2}') AS b, jsonb_object(ARRAY['k', 'v']) AS c, json_build_array(1, 'x') AS d, json_agg(x) AS e FROM generate_series(1, 2) x
-- name: json_object
-- since: 16
SELECT JSON_OBJECT('a' : 1, 'b' VALUE 'x', 'c' : NULL) AS a, JSON_OBJECT('a' : id NULL ON NULL) AS b, JSON_OBJECT('a' : id ABSENT ON NULL WITH UNIQUE KEYS RETURNING jsonb) AS c, JSON_OBJECT() AS d, JSON_OBJECT(RETURNING jsonb) AS e, JSON_OBJECT(name : id WITHOUT UNIQUE KEYS RETURNING text) AS f, JSON_OBJECT(name || 'x' : raw FORMAT JSON RETURNING bytea FORMAT JSON ENCODING UTF8) AS g FROM shop.products, shop.events
-- name: json_array
-- since: 16
SELECT JSON_ARRAY(1, 'x', NULL) AS a, JSON_ARRAY(id, name NULL ON NULL RETURNING jsonb) AS b, JSON_ARRAY() AS c, JSON_ARRAY('[1]' FORMAT JSON, 2 ABSENT ON NULL) AS d, JSON_ARRAY(RETURNING text) AS e FROM shop.products
-- name: json_array_of_query
-- since: 16
SELECT JSON_ARRAY(SELECT id FROM shop.products ORDER BY id) AS a, JSON_ARRAY(SELECT name FROM shop.products RETURNING jsonb) AS b
-- name: json_aggregates
-- since: 16
SELECT JSON_OBJECTAGG(name : id) AS a, JSON_OBJECTAGG(name : id NULL ON NULL WITH UNIQUE KEYS RETURNING jsonb) AS b, JSON_ARRAYAGG(id ORDER BY name DESC) AS c, JSON_ARRAYAGG(id NULL ON NULL RETURNING jsonb) FILTER (WHERE id > 1) AS d, JSON_OBJECTAGG(name VALUE id ABSENT ON NULL) FILTER (WHERE id < 5) AS e FROM shop.products
-- name: json_aggregates_over_windows
-- since: 16
SELECT JSON_ARRAYAGG(id) OVER (PARTITION BY name ORDER BY id) AS a, JSON_OBJECTAGG(name : id) OVER w AS b FROM shop.products WINDOW w AS (ORDER BY id)
-- name: is_json
-- since: 16
SELECT name IS JSON AS a, name IS NOT JSON AS b, name IS JSON ARRAY AS c, name IS JSON OBJECT WITH UNIQUE KEYS AS d, name IS NOT JSON SCALAR AS e, name IS JSON VALUE WITHOUT UNIQUE KEYS AS f, payload IS JSON OBJECT AS g FROM shop.products, shop.events
-- name: json_casts
-- since: 17
SELECT JSON('{}') AS a, JSON(name WITH UNIQUE KEYS) AS b, JSON_SCALAR(id) AS c, JSON_SERIALIZE(raw) AS d, JSON_SERIALIZE(payload RETURNING bytea) AS e, JSON(bytes FORMAT JSON ENCODING UTF8) AS f, JSON_SERIALIZE(raw RETURNING character varying(20)) AS g FROM shop.products, shop.events
-- name: json_exists
-- since: 17
SELECT JSON_EXISTS(payload, '$.a') AS a, JSON_EXISTS(payload, 'strict $.a[*] ? (@ > $x)' PASSING 1 AS x, 'z' AS "Y" TRUE ON ERROR) AS b, JSON_EXISTS(payload, '$' ERROR ON ERROR) AS c, JSON_EXISTS(raw, '$.b' UNKNOWN ON ERROR) AS d FROM shop.events
-- name: json_value
-- since: 17
SELECT JSON_VALUE(payload, '$.a') AS a, JSON_VALUE(payload, '$.n' RETURNING integer DEFAULT 0 ON EMPTY ERROR ON ERROR) AS b, JSON_VALUE(payload, '$.t' RETURNING date NULL ON EMPTY DEFAULT CURRENT_DATE - 1 ON ERROR) AS c, JSON_VALUE(payload, '$.v' PASSING now() AS t RETURNING numeric(5,2)) AS d, JSON_VALUE(event_type FORMAT JSON, '$.x') AS e FROM shop.events
-- name: json_query
-- since: 17
SELECT JSON_QUERY(payload, '$.a') AS a, JSON_QUERY(payload, '$.b[*]' WITH WRAPPER) AS b, JSON_QUERY(payload, '$.c' WITH CONDITIONAL WRAPPER) AS c, JSON_QUERY(payload, '$.d' RETURNING text OMIT QUOTES) AS d, JSON_QUERY(payload, '$.e' WITHOUT WRAPPER KEEP QUOTES EMPTY ARRAY ON EMPTY EMPTY OBJECT ON ERROR) AS e, JSON_QUERY(payload, '$.f' RETURNING bytea FORMAT JSON) AS f, JSON_QUERY(payload, '$.g' RETURNING jsonb NULL ON EMPTY DEFAULT '{}'::jsonb ON ERROR) AS g FROM shop.events
-- name: json_table
-- since: 17
SELECT t.* FROM shop.events e, JSON_TABLE(e.payload, '$.items[*]' COLUMNS (n FOR ORDINALITY, id integer PATH '$.id', label text PATH '$.label' DEFAULT 'none' ON EMPTY ERROR ON ERROR, has boolean EXISTS PATH '$.x', raw_part jsonb FORMAT JSON PATH '$.r' WITH WRAPPER, plain text)) t
-- name: json_table_nested
-- since: 17
SELECT t.a, t.b, t.c FROM JSON_TABLE('[{"a": 1, "bs": [{"b": 2, "cs": [3]}]}]'::jsonb, '$[*]' AS root PASSING 1 AS x COLUMNS (a integer PATH '$.a', NESTED PATH '$.bs[*]' AS bs COLUMNS (b integer PATH '$.b' NULL ON ERROR, NESTED '$.cs[*]' COLUMNS (c text PATH '$' OMIT QUOTES))) ERROR ON ERROR) AS t
-- name: json_table_exists_and_lateral
-- since: 17
SELECT e.event_id, t.ok, t.q FROM shop.events e LEFT JOIN LATERAL JSON_TABLE(e.payload, 'lax $[*]' COLUMNS (ok integer EXISTS PATH '$.ok' TRUE ON ERROR, q text FORMAT JSON PATH '$.q' WITH UNCONDITIONAL WRAPPER KEEP QUOTES EMPTY OBJECT ON EMPTY) EMPTY ON ERROR) t ON t.ok > 0
