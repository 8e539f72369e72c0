-- What the corpus's views read. The superuser creates it in an empty database, with an empty search path.
CREATE SCHEMA shop;
CREATE SCHEMA "Odd Schema";
CREATE SCHEMA scratch;
CREATE EXTENSION hstore SCHEMA shop;
CREATE EXTENSION citext SCHEMA shop;
CREATE TYPE shop.mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE shop.address AS (street text, city character varying(40), geo point);
CREATE TYPE shop.nested AS (home shop.address, tags text[]);
CREATE TYPE shop.floatrange AS RANGE (subtype = double precision);
CREATE DOMAIN shop.positive AS numeric(12,2) CHECK (VALUE > 0);
CREATE COLLATION shop.nd (provider = icu, locale = 'und', deterministic = false);

CREATE TABLE shop.customers (
    id integer PRIMARY KEY,
    name text NOT NULL,
    email shop.citext,
    tier character varying(10) DEFAULT 'standard',
    home shop.address,
    feeling shop.mood,
    attributes shop.hstore,
    birthday date,
    updated_at timestamp with time zone DEFAULT now()
);
CREATE TABLE shop.orders (
    id bigint PRIMARY KEY,
    customer_id integer REFERENCES shop.customers,
    region text COLLATE "C",
    product_id integer NOT NULL,
    amount numeric(10,2) NOT NULL,
    discount real,
    order_date date NOT NULL,
    placed timestamp without time zone,
    paid boolean,
    note character(5)
);
CREATE TABLE shop.products (id integer PRIMARY KEY, name text, price shop.positive, tags text[], matrix integer[][], cost money);
CREATE TABLE shop.events (
    event_id bigint PRIMARY KEY,
    aggregate_id uuid,
    event_type text,
    payload jsonb,
    raw json,
    doc xml,
    created_at timestamp(3) with time zone,
    at_time time(2) without time zone,
    at_zone time with time zone,
    lasted interval day to second(3),
    bits bit(8),
    varbits bit varying(20),
    bytes bytea,
    address inet,
    during tstzrange,
    spans int4multirange,
    location point
);
CREATE TABLE shop.edges (source integer, target integer, weight double precision);
CREATE TABLE shop.employees (id integer PRIMARY KEY, manager_id integer, name text, salary numeric, department text, hired date);
CREATE TABLE "Odd Schema"."Mixed Case" (
    "Key" integer PRIMARY KEY,
    "select" text,
    "with space" text,
    "quote""d" integer,
    "dollar$sign" integer,
    "größe" numeric,
    "日本" text,
    "value" integer,
    "left" integer,
    "a.b" integer,
    "123" integer,
    "UPPER" integer,
    "this_name_is_exactly_sixty_three_bytes_long_which_is_the_limit_" integer
);
CREATE TABLE shop.parent (id integer, label text);
CREATE TABLE shop.child (extra integer) INHERITS (shop.parent);

CREATE FUNCTION shop.area(x integer, y integer DEFAULT 2) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT x * y';
CREATE FUNCTION shop.total(VARIADIC numeric[]) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT sum(n) FROM unnest($1) n';
CREATE FUNCTION shop.pairs(n integer) RETURNS TABLE (a integer, b text) LANGUAGE sql STABLE AS 'SELECT g, g::text FROM generate_series(1, n) g';
CREATE FUNCTION shop.some_record(n integer) RETURNS SETOF record LANGUAGE sql STABLE AS 'SELECT g, g::text FROM generate_series(1, n) g';
CREATE FUNCTION shop.customer_row(c shop.customers) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT c.name';
CREATE FUNCTION shop."Strange Name"(x integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE FUNCTION shop.home_of(c shop.customers) RETURNS shop.address LANGUAGE sql IMMUTABLE AS 'SELECT c.home';
CREATE FUNCTION shop.close_to(a integer, b integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT abs(a - b) < 2';
CREATE OPERATOR shop.=== (FUNCTION = shop.close_to, LEFTARG = integer, RIGHTARG = integer, COMMUTATOR = OPERATOR(shop.===));
CREATE FUNCTION shop.twice(a integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT a * 2';
CREATE OPERATOR shop.~~! (FUNCTION = shop.twice, RIGHTARG = integer);
CREATE AGGREGATE shop.concat_all(text) (SFUNC = textcat, STYPE = text, INITCOND = '');
CREATE AGGREGATE shop.least_of(integer) (SFUNC = int4smaller, STYPE = integer);
