-- name: xml_element
SELECT XMLELEMENT(NAME row, XMLATTRIBUTES(id AS "Id", name), 'text', XMLELEMENT(NAME "inner-one"), name) AS a, XMLELEMENT(NAME "select", id) AS b FROM shop.products
-- name: xml_forest_and_concat
SELECT XMLFOREST(id, name AS "Product Name", id + 1 AS next) AS a, XMLCONCAT(XMLELEMENT(NAME a), NULL, XMLELEMENT(NAME b)) AS b FROM shop.products
-- name: xml_parse_and_serialize
SELECT XMLPARSE(DOCUMENT '<a/>') AS a, XMLPARSE(CONTENT name PRESERVE WHITESPACE) AS b, XMLSERIALIZE(CONTENT doc AS text) AS c, XMLSERIALIZE(DOCUMENT doc AS character varying(100)) AS d FROM shop.events, shop.products
-- name: xml_serialize_indent
-- since: 16
SELECT XMLSERIALIZE(DOCUMENT doc AS text INDENT) AS a, XMLSERIALIZE(CONTENT doc AS text NO INDENT) AS b FROM shop.events
-- name: xml_pi_and_root
SELECT XMLPI(NAME php, 'echo') AS a, XMLPI(NAME "Other") AS b, XMLROOT(doc, VERSION '1.0', STANDALONE YES) AS c, XMLROOT(doc, VERSION NO VALUE, STANDALONE NO VALUE) AS d, XMLROOT(doc, VERSION '1.1') AS e, XMLROOT(doc, VERSION NO VALUE, STANDALONE NO) AS f FROM shop.events
-- name: xml_tests
SELECT doc IS DOCUMENT AS a, doc IS NOT DOCUMENT AS b, XMLEXISTS('//x' PASSING doc) AS c, XMLEXISTS('//y' PASSING BY VALUE doc) AS d, xpath('/a', doc) AS e FROM shop.events
-- name: xml_aggregate
SELECT XMLAGG(XMLELEMENT(NAME p, name) ORDER BY id DESC) AS a FROM shop.products
-- name: xml_table
SELECT x.* FROM shop.events e, XMLTABLE('/rows/row' PASSING e.doc COLUMNS n FOR ORDINALITY, id integer PATH '@id' NOT NULL, label text PATH 'label' DEFAULT 'none', plain text, price numeric(8,2) DEFAULT 1 + 1 NOT NULL) x
-- name: xml_table_namespaces
SELECT x.id, x.v FROM shop.events e LEFT JOIN LATERAL XMLTABLE(XMLNAMESPACES('http://x' AS x, DEFAULT 'http://d'), '/x:r' PASSING e.doc COLUMNS id integer, v text PATH 'x:v') AS x(id, v) ON true
