-- Create, alter, drop, refresh, resume, wait.
--
-- Functions that users call run with the caller's rights and search_path. Their privileged effects happen in the trigger of
-- pgtrickle.commands (below), which knows the caller from a column that nobody can forge, and never runs users' code.

------------------------------------------------------------------------------------------------------------------ reading a query

-- The canonical text of a view, the same whatever the session's settings are.
CREATE FUNCTION pgtrickle._viewdef(view oid) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = '' SET datestyle = 'ISO, YMD' SET intervalstyle = 'postgres' SET extra_float_digits = 1
    SET bytea_output = 'hex' SET standard_conforming_strings = on SET quote_all_identifiers = off AS $$
BEGIN
    RETURN pg_catalog.pg_get_viewdef(view, false);
END $$;
COMMENT ON FUNCTION pgtrickle._viewdef(oid) IS 'Canonical text of a view''s query.';

-- Relations that a view's rule reads, with the columns used of each; nothing for what is no view. An attribute set is printed with its members moved up by seven,
-- so that system columns (negative) and whole rows (zero) fit in; identifiers and constants in a rule cannot look like a field.
CREATE FUNCTION pgtrickle._rule_relations(view oid) RETURNS TABLE (relid oid, attnum int)
    LANGUAGE sql STABLE ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT substring(piece, '^[0-9]+')::oid, member::int - 7
    FROM pg_rewrite r
    CROSS JOIN LATERAL (
        SELECT piece FROM regexp_split_to_table(r.ev_action::text, ' :relid ') WITH ORDINALITY AS p(piece, n) WHERE n > 1
    ) AS pieces
    LEFT JOIN LATERAL regexp_split_to_table(btrim(substring(piece, ':selectedCols [(]b([0-9 ]*)[)]')), ' ') AS member ON member <> ''
    WHERE r.ev_class = view AND r.ev_type = '1' AND (SELECT c.relkind FROM pg_class c WHERE c.oid = view) = 'v'
        AND substring(piece, '^[0-9]+')::oid NOT IN (0, view)
$$;

-- Functions, aggregates and what operators stand for, in a view's rule.
CREATE FUNCTION pgtrickle._rule_functions(view oid) RETURNS SETOF oid
    LANGUAGE sql STABLE ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
    WITH rule AS (SELECT ev_action::text AS tree FROM pg_rewrite WHERE ev_class = view AND ev_type = '1')
    SELECT m[1]::oid FROM rule, regexp_matches(tree, ':(?:funcid|opfuncid|aggfnoid|winfnoid|tsmhandler) ([1-9][0-9]*)', 'g') AS m
    UNION
    SELECT o.oprcode::oid FROM rule, regexp_matches(tree, ':(?:opno|eqop|sortop) ([1-9][0-9]*)', 'g') AS m JOIN pg_operator o ON o.oid = m[1]::oid
    UNION
    SELECT o.oprcode::oid FROM rule, regexp_matches(tree, ':opnos [(]o([0-9 ]+)[)]', 'g') AS m,
        regexp_split_to_table(btrim(m[1]), ' ') AS n JOIN pg_operator o ON o.oid = n::oid
$$;

-- What a relation is to a stream table.
CREATE FUNCTION pgtrickle._source_type(relid oid) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN EXISTS (SELECT FROM pgtrickle.stream_tables s WHERE s.pgt_relid = c.oid) THEN 'STREAM_TABLE'
        WHEN c.relkind = 'v' THEN 'VIEW'
        WHEN c.oid < 16384 THEN 'CATALOG'
        WHEN c.relkind = 'r' THEN 'TABLE'
        WHEN c.relkind = 'p' THEN 'PARTITIONED'
        WHEN c.relkind = 'm' THEN 'MATVIEW'
        WHEN c.relkind = 'f' THEN 'FOREIGN'
    END
    FROM pg_class c WHERE c.oid = relid
$$;

-- Everything that only the catalog can tell about the query of a view (without JIT, which recursive estimates would set off):
--   columns    [{name, type_oid, type, typmod, collation_oid}]           in order
--   relations  [{oid, schema, name, kind, persistence, source_type, column_numbers, column_names}]   views and what is beneath them
--   functions  [{oid, schema, name, kind, volatility, strict, language, security_definer, aggregate_kind}]    of all these views
CREATE FUNCTION pgtrickle._analyse(view oid) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    WITH RECURSIVE used(relid, attnum) AS (
        SELECT u.relid, u.attnum FROM pgtrickle._rule_relations(view) u
        UNION
        SELECT u.relid, u.attnum FROM used CROSS JOIN LATERAL pgtrickle._rule_relations(used.relid) u
    ),
    relation AS (
        SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence,
            ARRAY(
                SELECT a.attnum FROM pg_attribute a
                WHERE a.attrelid = c.oid AND NOT a.attisdropped
                    AND (a.attnum = ANY (array_agg(used.attnum)) OR (a.attnum > 0 AND 0 = ANY (array_agg(used.attnum))))
                ORDER BY a.attnum) AS attnums
        FROM used JOIN pg_class c ON c.oid = used.relid JOIN pg_namespace n ON n.oid = c.relnamespace
        GROUP BY c.oid, n.nspname, c.relname, c.relkind, c.relpersistence
    ),
    function AS (
        SELECT pgtrickle._rule_functions(v.oid) AS oid FROM (SELECT view AS oid UNION SELECT r.oid FROM relation r WHERE r.relkind = 'v') AS v
    )
    SELECT jsonb_build_object(
        'columns', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('name', a.attname, 'type_oid', a.atttypid::int8, 'type', format_type(a.atttypid, a.atttypmod),
                'typmod', a.atttypmod, 'collation_oid', a.attcollation::int8) ORDER BY a.attnum), '[]')
            FROM pg_attribute a WHERE a.attrelid = view AND a.attnum > 0),
        'relations', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('oid', r.oid::int8, 'schema', r.nspname, 'name', r.relname, 'kind', r.relkind,
                'persistence', r.relpersistence, 'source_type', pgtrickle._source_type(r.oid), 'column_numbers', to_jsonb(r.attnums),
                'column_names', (SELECT coalesce(jsonb_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_attribute a
                    WHERE a.attrelid = r.oid AND a.attnum = ANY (r.attnums))) ORDER BY r.oid), '[]')
            FROM relation r),
        'functions', (
            SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('oid', p.oid::int8, 'schema', n.nspname, 'name', p.proname, 'kind', p.prokind,
                'volatility', p.provolatile, 'strict', p.proisstrict, 'language', l.lanname, 'security_definer', p.prosecdef,
                'aggregate_kind', g.aggkind)), '[]')
            FROM (SELECT DISTINCT f.oid FROM function f) f
            JOIN pg_proc p ON p.oid = f.oid JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
            LEFT JOIN pg_aggregate g ON g.aggfnoid = p.oid))
$$;

-- Raises when a query is not exactly one statement that returns rows. A cursor is opened and closed: that parses, analyses and
-- plans the text as it stands, raises the query's own errors untouched, and runs nothing.
CREATE FUNCTION pgtrickle._require_one_query(query text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    opened refcursor;
BEGIN
    IF query IS NULL OR query ~ '^[[:space:]]*$' THEN
        PERFORM pgtrickle._refuse('query of the stream table is empty', 'The argument "query" holds no statement.',
            'Give one SELECT statement.', CASE WHEN query IS NULL THEN '22004' ELSE '42601' END);
    END IF;
    BEGIN
        OPEN opened FOR EXECUTE query;
        CLOSE opened;
    EXCEPTION WHEN invalid_cursor_definition THEN
        PERFORM pgtrickle._refuse('query of a stream table must be a single SELECT', format('%s.', SQLERRM),
            'Give one SELECT, VALUES or TABLE statement that changes nothing.', '42601');
    END;
END $$;

-- Makes the view through which the query is read. It is a plain one and lives for a moment: a temporary view would forbid PREPARE
-- TRANSACTION, a view that stays would pin the columns that it uses.
CREATE FUNCTION pgtrickle._make_view(schema text, query text) RETURNS oid
    LANGUAGE plpgsql AS $$
DECLARE
    view text := pg_catalog.format('%I.%I', schema, '__pgt_view_' || pg_catalog.replace(pg_catalog.gen_random_uuid()::text, '-', ''));
    message text;
BEGIN
    BEGIN
        EXECUTE pg_catalog.format('CREATE VIEW %s AS %s', view, query);
    EXCEPTION WHEN invalid_table_definition THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
        -- Refused for a temporary table, or for its columns? If a temporary view is possible, the former.
        BEGIN
            EXECUTE pg_catalog.format('CREATE TEMPORARY VIEW %I AS %s', '__pgt_view_' || pg_catalog.pg_backend_pid(), query);
        EXCEPTION WHEN invalid_table_definition THEN
            RAISE EXCEPTION USING ERRCODE = '42P16', MESSAGE = message, DETAIL = 'The columns of the query cannot be those of a table.',
                HINT = 'Select at least one column, and cast rows to a named type.';
        END;
        PERFORM pgtrickle._refuse('a stream table cannot read temporary tables', 'The query uses a temporary table, view or sequence, which no other session sees.',
            'Use ordinary tables.', '0A000');
    END;
    RETURN view::pg_catalog.regclass::pg_catalog.oid;
END $$;

-- Of relations that a role reads, and those beneath views among them, the ones of which policies hide rows from it, or from the owner of a view with whose
-- rights they are read there: a stream table reads them as they are.
CREATE FUNCTION pgtrickle._filtered(relids oid[], reader oid) RETURNS TABLE (relid oid, role oid)
    LANGUAGE sql STABLE ROWS 1 SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    WITH RECURSIVE used(relid, role) AS (
        SELECT u.relid, reader FROM unnest(relids) AS u(relid)
        UNION
        SELECT u.relid, x.role
        FROM used JOIN pg_class v ON v.oid = used.relid AND v.relkind = 'v'
        CROSS JOIN LATERAL (
            SELECT CASE WHEN EXISTS (SELECT FROM pg_options_to_table(v.reloptions) WHERE option_name = 'security_invoker' AND option_value::bool)
                THEN used.role ELSE v.relowner END UNION SELECT reader) AS x(role)
        CROSS JOIN LATERAL pgtrickle._rule_relations(v.oid) AS u
    )
    SELECT used.relid, used.role
    FROM used JOIN pg_class c ON c.oid = used.relid JOIN pg_roles r ON r.oid = used.role
    WHERE c.relrowsecurity AND NOT r.rolsuper AND NOT r.rolbypassrls AND (c.relforcerowsecurity OR NOT pg_has_role(used.role, c.relowner, 'USAGE'))
$$;

-- Refuses what can be seen to be impossible from the view alone.
CREATE FUNCTION pgtrickle._require_readable(view oid, analysis jsonb) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    fault record;
BEGIN
    IF analysis -> 'columns' = '[]' THEN
        PERFORM pgtrickle._refuse('a stream table must have at least one column', 'The query has no output columns.', 'Select a column.', '42P16');
    END IF;
    SELECT c.value ->> 'name' AS name INTO fault FROM jsonb_array_elements(analysis -> 'columns') AS c WHERE c.value ->> 'name' ^@ '__pgt_';
    IF FOUND THEN
        PERFORM pgtrickle._refuse(format('column name "%s" is reserved', fault.name), 'Names that begin with __pgt_ belong to hidden columns.',
            'Give the column another name with AS.', '42939');
    END IF;
    -- The rules of these views only: to search all of pg_rewrite takes seconds.
    SELECT v.oid::regclass AS name INTO fault
    FROM (SELECT view AS oid
        UNION SELECT (s.value ->> 'oid')::oid FROM jsonb_array_elements(analysis -> 'relations') AS s WHERE s.value ->> 'kind' = 'v') AS v
    WHERE (SELECT r.ev_action::text LIKE '% :hasForUpdate true %' FROM pg_rewrite r WHERE r.ev_class = v.oid AND r.ev_type = '1')
    LIMIT 1;
    IF FOUND THEN
        PERFORM pgtrickle._refuse('a stream table cannot lock rows', 'The query, or a view in it, has FOR UPDATE or FOR SHARE.', 'Leave the locking clause out.', '0A000');
    END IF;
    SELECT format('%I.%I', s.value ->> 'schema', s.value ->> 'name') AS name,
        (s.value -> 'column_numbers') @? '$[*] ? (@ < 0)' AS has_system_column, s.value ->> 'source_type' IS NULL AS is_other,
        (SELECT n.value FROM jsonb_array_elements_text(s.value -> 'column_names') AS n WHERE n.value ^@ '__pgt_' LIMIT 1) AS reserved
    INTO fault FROM jsonb_array_elements(analysis -> 'relations') AS s
    WHERE (s.value -> 'column_numbers') @? '$[*] ? (@ < 0)' OR s.value ->> 'source_type' IS NULL OR s.value ->> 'column_names' LIKE '%"!_!_pgt!_%' ESCAPE '!'
    ORDER BY 1 LIMIT 1;
    IF fault.reserved IS NOT NULL THEN
        PERFORM pgtrickle._refuse(format('a stream table cannot read column "%s" of %s', fault.reserved, fault.name),
            'Names that begin with __pgt_ belong to hidden columns.', 'Rename the column, or leave it out.', '42939');
    ELSIF fault.has_system_column THEN
        PERFORM pgtrickle._refuse(format('a stream table cannot read system columns of %s', fault.name),
            'ctid, xmin, tableoid and the like change without a change of the row.', 'Use the table''s own columns.', '0A000');
    ELSIF fault.is_other THEN
        PERFORM pgtrickle._refuse(format('a stream table cannot read %s', fault.name), 'It is neither a table, nor a view, nor a foreign table.',
            'Sequences and the like have no changes to follow.', '0A000');
    END IF;
    SELECT f.relid::regclass AS name, r.rolname, r.rolname = CURRENT_USER AS is_caller INTO fault
    FROM pgtrickle._filtered(ARRAY(SELECT u.relid FROM pgtrickle._rule_relations(view) u), CURRENT_USER::regrole) AS f JOIN pg_roles r ON r.oid = f.role
    ORDER BY r.rolname <> CURRENT_USER, 1 LIMIT 1;
    IF fault.is_caller THEN
        PERFORM pgtrickle._refuse(format('row-level security of %s applies to role %I', fault.name, CURRENT_USER),
            'A stream table would freeze what one role may see and show it to others.',
            'Create the stream table as the owner of the table or as a role with BYPASSRLS, and put policies on the stream table.', '42501');
    ELSIF FOUND THEN
        PERFORM pgtrickle._refuse(format('row-level security of %s applies to role %I, the owner of a view that reads it', fault.name, fault.rolname),
            'A stream table reads the tables beneath a view, and would show rows that the view does not.',
            'Read the table itself, or a view of its owner, and put policies on the stream table.', '42501');
    END IF;
END $$;

GRANT EXECUTE ON FUNCTION pgtrickle._viewdef(oid), pgtrickle._rule_relations(oid), pgtrickle._rule_functions(oid), pgtrickle._source_type(oid),
    pgtrickle._analyse(oid), pgtrickle._filtered(oid[], oid), pgtrickle._require_one_query(text), pgtrickle._make_view(text, text), pgtrickle._require_readable(oid, jsonb) TO PUBLIC;

----------------------------------------------------------------------------------------------------------------------------- names

-- The stream table of a name: qualified, or the first one along the caller's search_path. Part of the caller's session: no SET. A
-- schema and a name simply joined by a dot, as scripts write that list stream tables, are understood also where SQL would need quotes.
CREATE FUNCTION pgtrickle._find(target text) RETURNS TABLE (pgt_id bigint, pgt_relid oid, display text)
    LANGUAGE plpgsql STABLE ROWS 1 AS $$
DECLARE
    parts text[];
BEGIN
    IF target ~ '[^a-z0-9_.]' AND target !~ '"' THEN
        RETURN QUERY
            SELECT s.pgt_id, s.pgt_relid::pg_catalog.oid, pg_catalog.format('%I.%I', n.nspname, c.relname)
            FROM pgtrickle.stream_tables s
            JOIN pg_catalog.pg_class c ON c.oid = s.pgt_relid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname || '.' || c.relname = target
            LIMIT 1;
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    parts := pgtrickle._name_parts(target);
    RETURN QUERY
        SELECT s.pgt_id, s.pgt_relid::pg_catalog.oid, pg_catalog.format('%I.%I', n.nspname, c.relname)
        FROM pgtrickle.stream_tables s
        JOIN pg_catalog.pg_class c ON c.oid = s.pgt_relid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS path(schema, place) ON path.schema = n.nspname
        WHERE c.relname = parts[pg_catalog.cardinality(parts)]
            AND CASE pg_catalog.cardinality(parts) WHEN 1 THEN path.place IS NOT NULL ELSE n.nspname = parts[1] END
        ORDER BY path.place
        LIMIT 1;
END $$;

CREATE FUNCTION pgtrickle._get(target text) RETURNS TABLE (pgt_id bigint, pgt_relid oid, display text)
    LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY SELECT * FROM pgtrickle._find(target);
    IF NOT FOUND THEN
        PERFORM pgtrickle._refuse(pg_catalog.format('stream table "%s" does not exist', target),
            CASE WHEN pg_catalog.to_regclass(target) IS NULL THEN 'No relation of that name is in reach of the search_path.'
                ELSE 'The relation of that name is not a stream table.' END,
            'SELECT pgt_schema, pgt_name FROM pgtrickle.pgt_stream_tables lists them.', '42P01');
    END IF;
END $$;

-- Schema and name of a stream table to be created.
CREATE FUNCTION pgtrickle._place(target text) RETURNS text[]
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    parts text[] := pgtrickle._name_parts(target);
BEGIN
    IF pg_catalog.cardinality(parts) = 1 THEN
        parts := ARRAY[pg_catalog.current_schema()::text, parts[1]];
    END IF;
    IF parts[1] IS NULL THEN
        PERFORM pgtrickle._refuse('no schema has been selected to create the stream table in', 'No schema of the search_path exists.',
            'Qualify the name, or set search_path.', '3F000');
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = parts[1]) THEN
        PERFORM pgtrickle._refuse(pg_catalog.format('schema "%s" does not exist', parts[1]), 'A stream table is created in a schema that exists.',
            'Create the schema first.', '3F000');
    END IF;
    IF parts[1] ~ '^(pg_.*|information_schema|pgtrickle|pgtrickle_changes|pgtrickle_run)$' THEN
        PERFORM pgtrickle._refuse(pg_catalog.format('stream tables cannot be created in schema "%s"', parts[1]),
            'Schemas of the system and temporary schemas hold no stream tables.', 'Use a schema of your own.', '0A000');
    END IF;
    RETURN parts;
END $$;

-- Tells a direct caller that a node will do the rest, or a gateway which command to wait for.
CREATE FUNCTION pgtrickle._announce(command_id bigint, message text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF coalesce(current_setting('pgtrickle.session', true), '') <> '' THEN
        -- The caller's own time limit, which does nothing while the gateway waits for the outcome.
        RAISE INFO USING ERRCODE = 'PGT01', MESSAGE = command_id::text, DETAIL = current_setting('statement_timeout');
    ELSIF message IS NOT NULL THEN
        RAISE NOTICE USING MESSAGE = message, HINT = 'CALL pgtrickle.wait_for(name, timeout) waits for it.';
    END IF;
END $$;

GRANT EXECUTE ON FUNCTION pgtrickle._find(text), pgtrickle._get(text), pgtrickle._place(text), pgtrickle._announce(bigint, text) TO PUBLIC;

---------------------------------------------------------------------------------------------------------------------------- create

-- An id for a stream table that this transaction is about to create: its function has to name it before its row exists.
CREATE FUNCTION pgtrickle._reserve_id() RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO pgtrickle.reserved_ids (pgt_id) VALUES (nextval(pg_get_serial_sequence('pgtrickle.stream_tables', 'pgt_id'))) RETURNING pgt_id
$$;

-- The text that makes the function through which everything runs that needs the owner's rights. Settings that influence results are the creator's: those of
-- the session that runs it, or, when the function makes itself anew, its own. Statements of variants stand in it as they are, so that PL/pgSQL keeps their
-- plans; $1 to $3 in them are the function's parameters, which nobody passes: the function gets them with its step.
CREATE FUNCTION pgtrickle._run_function_text(run text, id bigint, version bigint, masks bigint[], branches text) RETURNS text
    LANGUAGE sql IMMUTABLE AS $text$
    SELECT pg_catalog.format($create$
        CREATE OR REPLACE FUNCTION %s(pg_snapshot DEFAULT NULL, xid8[] DEFAULT NULL, timestamptz DEFAULT NULL) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off SET standard_conforming_strings = on
            SET TimeZone FROM CURRENT SET DateStyle FROM CURRENT SET IntervalStyle FROM CURRENT SET extra_float_digits FROM CURRENT
            SET bytea_output FROM CURRENT SET xmlbinary FROM CURRENT SET xmloption FROM CURRENT SET default_text_search_config FROM CURRENT
            SET lc_monetary FROM CURRENT SET lc_numeric FROM CURRENT SET lc_time FROM CURRENT
        AS %L $create$, run, pg_catalog.format($body$
        #variable_conflict use_column
        DECLARE
            __pgt_step pgtrickle.step;
            __pgt_statement text;
        BEGIN
            __pgt_step := pgtrickle.refresh_plan(%1$s, %2$L, %3$L);
            $1 := __pgt_step.snap;
            $2 := __pgt_step.own;
            $3 := __pgt_step.clock;
            IF __pgt_step.variant IS NULL THEN
                FOREACH __pgt_statement IN ARRAY __pgt_step.statements LOOP
                    EXECUTE __pgt_statement USING $1, $2, $3;
                END LOOP;
            %4$s
            END IF;
            -- Members of a group share the transaction: each leaves its counts under a name of its own.
            __pgt_statement := set_config('pgtrickle.delta_%1$s', current_setting('pgtrickle.delta', true), true);
            __pgt_statement := set_config('pgtrickle.delta', '', true);
        END $body$, id, version, masks, branches))
$text$;

-- The function of a name, with its arguments: anybody may make another one of that name with others. NULL if there is none.
CREATE FUNCTION pgtrickle._run_function(run_name text) RETURNS regprocedure
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT to_regprocedure(format('pgtrickle_run.%I(pg_snapshot, xid8[], timestamptz)', run_name))
$$;

CREATE FUNCTION pgtrickle._make_run_function(id bigint) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    name text := 'st_' || pg_catalog.replace(pg_catalog.gen_random_uuid()::text, '-', '');
BEGIN
    EXECUTE pgtrickle._run_function_text(pg_catalog.format('pgtrickle_run.%I', name), id, NULL, NULL, '');
    EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', pgtrickle._run_function(name));
    EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO pgtrickle_worker', pgtrickle._run_function(name));
    RETURN name;
END $$;

-- The empty table with the query's columns: name reserved, columns known to what is created next, owned by the caller.
CREATE FUNCTION pgtrickle._make_table(place text[], view oid) RETURNS oid
    LANGUAGE plpgsql AS $$
DECLARE
    stream_table text := pg_catalog.format('%I.%I', VARIADIC place);
BEGIN
    BEGIN
        EXECUTE pg_catalog.format('CREATE TABLE %s AS TABLE %s WITH NO DATA', stream_table, view::pg_catalog.regclass);
    EXCEPTION WHEN unique_violation THEN
        -- Another session created the same name and has committed while this one waited for it.
        PERFORM pgtrickle._refuse(pg_catalog.format('relation "%s" already exists', place[2]), 'Another session created it just now.',
            'Choose another name, or use pgtrickle.create_stream_table_if_not_exists.', '42P07');
    END;
    EXECUTE pg_catalog.format('CREATE TRIGGER pgtrickle_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION pgtrickle.guard()', stream_table);
    RETURN stream_table::pg_catalog.regclass::pg_catalog.oid;
END $$;

CREATE FUNCTION pgtrickle._create(target text, query text, options jsonb, if_not_exists bool) RETURNS void
    LANGUAGE plpgsql SET row_security = on AS $$
DECLARE
    checked jsonb := pgtrickle._options(options);
    place text[] := pgtrickle._place(target);
    existing text;
    view oid;
    definition jsonb;
    id bigint;
    command bigint;
BEGIN
    SELECT CASE WHEN pgtrickle._source_type(c.oid) = 'STREAM_TABLE' THEN 'stream table' ELSE 'relation' END INTO existing
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = place[1] AND c.relname = place[2];
    IF existing = 'stream table' AND if_not_exists THEN
        RAISE NOTICE USING ERRCODE = '42P07', MESSAGE = pg_catalog.format('stream table "%s" already exists, skipping', place[2]);
        RETURN;
    ELSIF existing IS NOT NULL THEN
        PERFORM pgtrickle._refuse(pg_catalog.format('%s "%s" already exists', existing, place[2]),
            pg_catalog.format('Schema "%s" has a %s of that name.', place[1], existing),
            'Choose another name, or use pgtrickle.create_stream_table_if_not_exists.', '42P07');
    END IF;
    PERFORM pgtrickle._require_one_query(query);
    view := pgtrickle._make_view(place[1], query);
    definition := pgtrickle._analyse(view);
    PERFORM pgtrickle._require_readable(view, definition);
    id := pgtrickle._reserve_id();
    definition := pg_catalog.jsonb_build_object('options', checked, 'pgt_id', id, 'original_query', query, 'analysis', definition,
        'defining_query', pgtrickle._viewdef(view),
        'pgt_relid', pgtrickle._make_table(place, view)::int8,
        'run_name', pgtrickle._make_run_function(id));
    EXECUTE pg_catalog.format('DROP VIEW %s', view::pg_catalog.regclass);
    IF query ~* '''[[:space:]]*(now|today|tomorrow|yesterday)[[:space:]]*''' THEN
        RAISE WARNING USING MESSAGE = 'a date or time constant of the query was evaluated when the stream table was created',
            DETAIL = 'Literals such as ''now''::timestamptz and ''today''::date are constants to PostgreSQL.',
            HINT = 'Use now() or CURRENT_DATE for the time of the refresh.';
    END IF;
    INSERT INTO pgtrickle.commands (kind, args) VALUES ('create', definition) RETURNING command_id INTO command;
    PERFORM pgtrickle._announce(command, pg_catalog.format('stream table "%s" is queued to be filled', place[2]));
END $$;

CREATE FUNCTION pgtrickle.create_stream_table(
    name text, query text, schedule text DEFAULT 'calculated', refresh_mode text DEFAULT 'AUTO', initialize bool DEFAULT true,
    diamond_consistency text DEFAULT NULL, diamond_schedule_policy text DEFAULT NULL, cdc_mode text DEFAULT NULL,
    append_only bool DEFAULT false, pooler_compatibility_mode bool DEFAULT false) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pgtrickle._create(name, query, pg_catalog.jsonb_build_object('schedule', coalesce(schedule, 'calculated'),
        'refresh_mode', coalesce(refresh_mode, 'AUTO'), 'initialize', initialize, 'diamond_consistency', diamond_consistency,
        'diamond_schedule_policy', diamond_schedule_policy, 'cdc_mode', cdc_mode, 'append_only', append_only,
        'pooler_compatibility_mode', pooler_compatibility_mode), false);
END $$;

CREATE FUNCTION pgtrickle.create_stream_table_if_not_exists(
    name text, query text, schedule text DEFAULT 'calculated', refresh_mode text DEFAULT 'AUTO', initialize bool DEFAULT true,
    diamond_consistency text DEFAULT NULL, diamond_schedule_policy text DEFAULT NULL, cdc_mode text DEFAULT NULL,
    append_only bool DEFAULT false, pooler_compatibility_mode bool DEFAULT false) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pgtrickle._create(name, query, pg_catalog.jsonb_build_object('schedule', coalesce(schedule, 'calculated'),
        'refresh_mode', coalesce(refresh_mode, 'AUTO'), 'initialize', initialize, 'diamond_consistency', diamond_consistency,
        'diamond_schedule_policy', diamond_schedule_policy, 'cdc_mode', cdc_mode, 'append_only', append_only,
        'pooler_compatibility_mode', pooler_compatibility_mode), true);
END $$;

GRANT EXECUTE ON FUNCTION pgtrickle._reserve_id(), pgtrickle._run_function_text(text, bigint, bigint, bigint[], text), pgtrickle._run_function(text),
    pgtrickle._make_run_function(bigint),
    pgtrickle._make_table(text[], oid),
    pgtrickle._create(text, text, jsonb, bool),
    pgtrickle.create_stream_table(text, text, text, text, bool, text, text, text, bool, bool),
    pgtrickle.create_stream_table_if_not_exists(text, text, text, text, bool, text, text, text, bool, bool) TO PUBLIC;

------------------------------------------------------------------------------------------------------------- drop, and others

CREATE FUNCTION pgtrickle.resume_stream_table(name text) RETURNS void
    LANGUAGE plpgsql SET row_security = on AS $$
DECLARE
    command bigint;
BEGIN
    INSERT INTO pgtrickle.commands (kind, args)
    VALUES ('resume', pg_catalog.jsonb_build_object('pgt_id', (SELECT pgt_id FROM pgtrickle._get(name)))) RETURNING command_id INTO command;
    PERFORM pgtrickle._announce(command, NULL);
END $$;

CREATE FUNCTION pgtrickle.refresh_stream_table(name text) RETURNS void
    LANGUAGE plpgsql SET row_security = on AS $$
DECLARE
    target record;
    command bigint;
BEGIN
    SELECT * INTO target FROM pgtrickle._get(name);
    INSERT INTO pgtrickle.commands (kind, args)
    VALUES ('refresh', pg_catalog.jsonb_build_object('pgt_id', target.pgt_id)) RETURNING command_id INTO command;
    PERFORM pgtrickle._announce(command, pg_catalog.format('refresh of stream table "%s" is queued', target.display));
END $$;

-- Stream tables that read others, directly or not, those that are read last.
CREATE FUNCTION pgtrickle._downstream(id bigint) RETURNS TABLE (pgt_id bigint, distance int)
    LANGUAGE sql STABLE ROWS 10 SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    WITH RECURSIVE reader(pgt_id, distance) AS (
        SELECT d.pgt_id, 1 FROM pgtrickle.pgt_dependencies d WHERE d.source_pgt_id = id
        UNION
        SELECT d.pgt_id, r.distance + 1 FROM reader r JOIN pgtrickle.pgt_dependencies d ON d.source_pgt_id = r.pgt_id
    )
    SELECT r.pgt_id, max(r.distance) FROM reader r GROUP BY r.pgt_id ORDER BY 2 DESC, 1 DESC
$$;

-- Stream tables that a stream table reads, itself included at distance 0: those that must advance first have the greatest distance.
CREATE FUNCTION pgtrickle._upstream(id bigint) RETURNS TABLE (pgt_id bigint, distance int)
    LANGUAGE sql STABLE ROWS 10 SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    WITH RECURSIVE source(pgt_id, distance) AS (
        SELECT id, 0
        UNION
        SELECT d.source_pgt_id, s.distance + 1
        FROM source s JOIN pgtrickle.pgt_dependencies d ON d.pgt_id = s.pgt_id AND d.source_pgt_id IS NOT NULL
    )
    SELECT s.pgt_id, max(s.distance) FROM source s GROUP BY s.pgt_id ORDER BY 2 DESC, 1
$$;
GRANT EXECUTE ON FUNCTION pgtrickle._upstream(bigint) TO PUBLIC;

-- The catalog row goes first: it waits for a refresh that is under way, which locks in the same order.
CREATE FUNCTION pgtrickle._drop(id bigint, stream_table text, cascade bool) RETURNS bigint
    LANGUAGE plpgsql SET row_security = on AS $$
DECLARE
    command bigint;
BEGIN
    INSERT INTO pgtrickle.commands (kind, args)
    VALUES ('drop', pg_catalog.jsonb_build_object('pgt_id', id)) RETURNING command_id INTO command;
    EXECUTE pg_catalog.format('DROP TABLE %s %s', stream_table, CASE WHEN cascade THEN 'CASCADE' ELSE 'RESTRICT' END);
    RETURN command;
END $$;

CREATE FUNCTION pgtrickle.drop_stream_table(name text, cascade bool DEFAULT false) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    target record;
    reader record;
    readers text;
BEGIN
    SELECT * INTO target FROM pgtrickle._get(name);
    SELECT pg_catalog.string_agg(pg_catalog.format('stream table %s depends on stream table %s', s.pgt_relid::pg_catalog.regclass, target.display), E'\n'
        ORDER BY d.distance, d.pgt_id)
    INTO readers FROM pgtrickle._downstream(target.pgt_id) d JOIN pgtrickle.stream_tables s USING (pgt_id);
    IF readers IS NOT NULL AND cascade IS NOT TRUE THEN
        PERFORM pgtrickle._refuse(pg_catalog.format('cannot drop stream table %s because other stream tables depend on it', target.display),
            readers, 'Use cascade => true to drop these too.', '2BP01');
    END IF;
    FOR reader IN
        SELECT s.pgt_id, s.pgt_relid::pg_catalog.regclass::text AS display
        FROM pgtrickle._downstream(target.pgt_id) d JOIN pgtrickle.stream_tables s USING (pgt_id) ORDER BY d.distance DESC, s.pgt_id DESC
    LOOP
        PERFORM pgtrickle._drop(reader.pgt_id, reader.display, true);
    END LOOP;
    PERFORM pgtrickle._announce(pgtrickle._drop(target.pgt_id, target.display, cascade IS TRUE), NULL);
END $$;

-- Changes a setting for the whole database; NULL restores the default. Returns the value now in force.
CREATE FUNCTION pgtrickle.set_config(name text, value text) RETURNS text
    LANGUAGE plpgsql SET row_security = on AS $$
BEGIN
    PERFORM pgtrickle._setting_value(name, value);
    INSERT INTO pgtrickle.commands (kind, args) VALUES ('set', pg_catalog.jsonb_build_object('name', name, 'value', value));
    RETURN pgtrickle._setting(name);
END $$;

GRANT EXECUTE ON FUNCTION
    pgtrickle.resume_stream_table(text), pgtrickle.refresh_stream_table(text), pgtrickle._downstream(bigint),
    pgtrickle._drop(bigint, text, bool), pgtrickle.drop_stream_table(text, bool), pgtrickle.set_config(text, text) TO PUBLIC;
