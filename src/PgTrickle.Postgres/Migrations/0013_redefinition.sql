-- Another query or other options for a stream table that stands: its id, grants, indexes, triggers and readers stay. And what can be said of a query before.

-- What has to be done to a stream table's columns so that they are those of a view. Values are converted where PostgreSQL would do it by itself, which cannot
-- fail; otherwise the column is NULL until the refresh that follows. A column that stays keeps its place, a new one comes last.
CREATE FUNCTION pgtrickle._column_changes(relid oid, view oid) RETURNS TABLE (column_name name, clause text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(q.attname, t.attname), CASE
        WHEN q.attname IS NULL THEN format('DROP COLUMN %I', t.attname)
        WHEN t.attname IS NULL THEN format('ADD COLUMN %I %s%s', q.attname, q.type, q.collation)
        ELSE format('ALTER COLUMN %1$I DROP NOT NULL, ALTER COLUMN %1$I TYPE %2$s%3$s USING %4$s', q.attname, q.type, q.collation,
            CASE WHEN (q.atttypid, q.atttypmod) = (t.atttypid, t.atttypmod) THEN format('%I', q.attname)
                WHEN q.atttypmod = -1 AND EXISTS (SELECT FROM pg_cast c WHERE c.castsource = t.atttypid AND c.casttarget = q.atttypid AND c.castcontext = 'i')
                    THEN format('%I::%s', q.attname, q.type)
                ELSE format('NULL::%s', q.type) END) END
    FROM (SELECT a.*, format_type(a.atttypid, a.atttypmod) AS type,
            coalesce((SELECT format(' COLLATE %I.%I', n.nspname, c.collname) FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
                WHERE c.oid = a.attcollation AND c.oid <> (SELECT y.typcollation FROM pg_type y WHERE y.oid = a.atttypid)), '') AS collation
        FROM pg_attribute a WHERE a.attrelid = view AND a.attnum > 0 AND NOT a.attisdropped) AS q
    FULL JOIN (SELECT * FROM pg_attribute WHERE attrelid = relid AND attnum > 0 AND NOT attisdropped AND NOT attname ^@ '__pgt_') AS t
        ON q.attname = t.attname
    WHERE (q.atttypid, q.atttypmod, q.attcollation) IS DISTINCT FROM (t.atttypid, t.atttypmod, t.attcollation)
    ORDER BY q.attname IS NULL DESC, t.attnum, q.attnum
$$;

-- Refuses to take columns away from other stream tables.
CREATE FUNCTION pgtrickle._require_unread(id bigint, display text, columns text[]) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    readers text;
BEGIN
    SELECT string_agg(format('stream table %s reads column %s', s.pgt_relid::regclass, c), E'\n' ORDER BY s.pgt_id, c) INTO readers
    FROM pgtrickle.pgt_dependencies d JOIN pgtrickle.stream_tables s USING (pgt_id) CROSS JOIN LATERAL unnest(d.columns_used) AS c
    WHERE d.source_pgt_id = id AND c = ANY (columns);
    IF readers IS NOT NULL THEN
        PERFORM pgtrickle._refuse(format('cannot change columns of stream table %s because other stream tables read them', display), readers,
            'Change the queries of these first.', '2BP01');
    END IF;
END $$;

-- The new definition and what becomes of the columns, or NULL when the query means what it meant.
CREATE FUNCTION pgtrickle._redefinition(id bigint, relid oid, display text, query text) RETURNS jsonb
    LANGUAGE plpgsql AS $$
DECLARE
    view oid;
    definition jsonb;
    taken text[];
BEGIN
    PERFORM pgtrickle._require_one_query(query);
    view := pgtrickle._make_view((SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relid), query);
    definition := pg_catalog.jsonb_build_object('original_query', query, 'defining_query', pgtrickle._viewdef(view), 'analysis', pgtrickle._analyse(view));
    PERFORM pgtrickle._require_readable(view, definition -> 'analysis');
    definition := definition || pg_catalog.jsonb_build_object('columns',
        (SELECT pg_catalog.string_agg(c.clause, ', ') FROM pgtrickle._column_changes(relid, view) AS c));
    SELECT pg_catalog.array_agg(c.column_name) INTO taken FROM pgtrickle._column_changes(relid, view) AS c WHERE c.clause NOT LIKE 'ADD COLUMN%';
    EXECUTE pg_catalog.format('DROP VIEW %s', view::pg_catalog.regclass);
    IF definition ->> 'defining_query' = (SELECT s.defining_query FROM pgtrickle.stream_tables s WHERE s.pgt_id = id) THEN
        RETURN NULL;
    END IF;
    PERFORM pgtrickle._require_unread(id, display, taken);
    RETURN definition;
END $$;

-- The privileged half: takes over a definition whose view the caller could make.
CREATE FUNCTION pgtrickle._apply_query(caller name, id bigint, definition jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    analysis jsonb := definition -> 'analysis';
    source jsonb;
BEGIN
    FOR source IN SELECT value FROM jsonb_array_elements(analysis -> 'relations') LOOP
        PERFORM pgtrickle._require_source_rights(caller, source);
    END LOOP;
    IF pgtrickle._reads_itself(id, analysis) THEN
        PERFORM pgtrickle._refuse('a stream table cannot read itself',
            'The new query reads the stream table, directly or through others that do.', 'Read the tables beneath it instead.', '3F000');
    END IF;
    UPDATE pgtrickle.stream_tables s
        SET original_query = definition ->> 'original_query', defining_query = definition ->> 'defining_query', analysis = definition -> 'analysis'
        WHERE s.pgt_id = id;
    PERFORM pgtrickle._write_dependencies(id, analysis);
    UPDATE pgtrickle.stream_table_state s
        SET needs_reinit = s.is_populated, effective_refresh_mode = NULL, downgrade_reason = NULL,
            -- Indexes and hidden columns may have gone with a column.
            shape = CASE WHEN definition ->> 'columns' IS NULL THEN s.shape END
        WHERE s.pgt_id = id;
    IF (SELECT s.status FROM pgtrickle.stream_table_state s WHERE s.pgt_id = id) = 'ERROR' THEN
        PERFORM pgtrickle._set_status(id, 'ACTIVE');
    END IF;
END $$;

-- The command goes first: it waits for a refresh that is under way, which locks in the same order. A new query is followed by a refresh, until
-- which the table holds the rows of the old one.
CREATE FUNCTION pgtrickle._alter(id bigint, relid oid, display text, query text, options jsonb) RETURNS void
    LANGUAGE plpgsql SET row_security = on AS $$
DECLARE
    args jsonb := pg_catalog.jsonb_build_object('pgt_id', id, 'options', pgtrickle._options(options));
    definition jsonb := CASE WHEN query IS NOT NULL THEN pgtrickle._redefinition(id, relid, display, query) END;
    command bigint;
BEGIN
    IF definition IS NOT NULL THEN
        args := args || pg_catalog.jsonb_build_object('definition', definition);
    END IF;
    INSERT INTO pgtrickle.commands (kind, args) VALUES ('alter', args) RETURNING command_id INTO command;
    IF definition ->> 'columns' IS NOT NULL THEN
        EXECUTE pg_catalog.format('ALTER TABLE %s %s', display, definition ->> 'columns');
    END IF;
    IF definition IS NOT NULL AND EXISTS (
        SELECT FROM pgtrickle.pgt_stream_tables s JOIN pgtrickle.stream_tables d USING (pgt_id)
        WHERE s.pgt_id = id AND s.status <> 'SUSPENDED' AND (s.is_populated OR d.initialize)) THEN
        INSERT INTO pgtrickle.commands (kind, args) VALUES ('refresh', pg_catalog.jsonb_build_object('pgt_id', id)) RETURNING command_id INTO command;
        PERFORM pgtrickle._announce(command, pg_catalog.format('stream table "%s" is queued to be refreshed by its new query', display));
    ELSE
        PERFORM pgtrickle._announce(command, NULL);
    END IF;
END $$;

CREATE FUNCTION pgtrickle.alter_stream_table(
    name text, query text DEFAULT NULL, schedule text DEFAULT NULL, refresh_mode text DEFAULT NULL, status text DEFAULT NULL,
    diamond_consistency text DEFAULT NULL, diamond_schedule_policy text DEFAULT NULL, cdc_mode text DEFAULT NULL,
    append_only bool DEFAULT NULL, pooler_compatibility_mode bool DEFAULT NULL, tier text DEFAULT NULL,
    fuse text DEFAULT NULL, fuse_ceiling bigint DEFAULT NULL, fuse_sensitivity int DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    target record;
BEGIN
    SELECT * INTO target FROM pgtrickle._get(name);
    PERFORM pgtrickle._alter(target.pgt_id, target.pgt_relid, target.display, query,
        pg_catalog.jsonb_build_object('schedule', schedule, 'refresh_mode', refresh_mode, 'status', status,
            'diamond_consistency', diamond_consistency, 'diamond_schedule_policy', diamond_schedule_policy, 'cdc_mode', cdc_mode,
            'append_only', append_only, 'pooler_compatibility_mode', pooler_compatibility_mode, 'tier', tier,
            'fuse', fuse, 'fuse_ceiling', fuse_ceiling, 'fuse_sensitivity', fuse_sensitivity));
END $$;

-- Absent: create. Otherwise what differs is altered; of a stream table that is as described, nothing.
CREATE FUNCTION pgtrickle.create_or_replace_stream_table(
    name text, query text, schedule text DEFAULT 'calculated', refresh_mode text DEFAULT 'AUTO', initialize bool DEFAULT true,
    diamond_consistency text DEFAULT NULL, diamond_schedule_policy text DEFAULT NULL, cdc_mode text DEFAULT NULL,
    append_only bool DEFAULT false, pooler_compatibility_mode bool DEFAULT false) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    target record;
    wanted jsonb := pgtrickle._options(pg_catalog.jsonb_build_object('schedule', coalesce(schedule, 'calculated'),
        'refresh_mode', coalesce(refresh_mode, 'AUTO'), 'diamond_consistency', diamond_consistency,
        'diamond_schedule_policy', diamond_schedule_policy, 'cdc_mode', cdc_mode, 'append_only', append_only,
        'pooler_compatibility_mode', pooler_compatibility_mode));
    changed jsonb;
BEGIN
    SELECT * INTO target FROM pgtrickle._find(name);
    IF target.pgt_id IS NULL THEN
        PERFORM pgtrickle._create(name, query, wanted || pg_catalog.jsonb_build_object('initialize', initialize), false);
        RETURN;
    END IF;
    SELECT pg_catalog.jsonb_object_agg(w.key, w.value) INTO changed
    FROM pgtrickle.stream_tables s CROSS JOIN LATERAL pg_catalog.jsonb_each(wanted) AS w
    WHERE s.pgt_id = target.pgt_id AND w.value IS DISTINCT FROM pg_catalog.jsonb_build_object('schedule', s.schedule, 'refresh_mode', s.refresh_mode,
        'diamond_consistency', s.diamond_consistency, 'diamond_schedule_policy', s.diamond_schedule_policy, 'cdc_mode', s.requested_cdc_mode,
        'append_only', s.is_append_only, 'pooler_compatibility_mode', s.pooler_compatibility_mode) -> w.key;
    IF changed IS NULL AND pgtrickle._redefinition(target.pgt_id, target.pgt_relid, target.display, query) IS NULL THEN
        RAISE NOTICE USING ERRCODE = '42P07', MESSAGE = pg_catalog.format('stream table "%s" is as described already, skipping', target.display);
        RETURN;
    END IF;
    PERFORM pgtrickle._alter(target.pgt_id, target.pgt_relid, target.display, query, coalesce(changed, '{}'));
END $$;

-- What can be said of a query in the caller's session, without creating anything. Whether it is maintained by deltas is for a node to say, and is
-- recorded on the stream table.
CREATE FUNCTION pgtrickle.validate_query(query text) RETURNS TABLE (check_name text, result text, severity text)
    LANGUAGE plpgsql AS $$
DECLARE
    view oid;
    analysis jsonb;
    is_sampled bool;
    is_recursive bool;
    state text;
    message text;
    more text;
BEGIN
    BEGIN
        PERFORM pgtrickle._require_one_query(query);
        view := pgtrickle._make_view((pgtrickle._place('a_stream_table'))[1], query);
        analysis := pgtrickle._analyse(view);
        PERFORM pgtrickle._require_readable(view, analysis);
        SELECT r.ev_action::text LIKE '%{TABLESAMPLECLAUSE %', r.ev_action::text LIKE '% :hasRecursive true %' INTO is_sampled, is_recursive
            FROM pg_catalog.pg_rewrite r WHERE r.ev_class = view;
        EXECUTE pg_catalog.format('DROP VIEW %s', view::pg_catalog.regclass);
    EXCEPTION WHEN syntax_error_or_access_rule_violation OR feature_not_supported OR data_exception OR invalid_schema_name THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, more = PG_EXCEPTION_DETAIL;
        RETURN QUERY SELECT 'query', pg_catalog.concat_ws(' ', state, message, nullif('(' || more || ')', '()')), 'ERROR';
        RETURN;
    END;
    RETURN QUERY SELECT 'query', 'It is one SELECT that PostgreSQL accepts.', 'OK';
    RETURN QUERY SELECT 'columns', (SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', c.value ->> 'name', c.value ->> 'type'), ', ')
        FROM pg_catalog.jsonb_array_elements(analysis -> 'columns') AS c), 'OK';
    RETURN QUERY SELECT 'source', pg_catalog.format('%I.%I: %s', r.value ->> 'schema', r.value ->> 'name', CASE
            WHEN r.value ->> 'source_type' IN ('MATVIEW', 'FOREIGN') OR r.value ->> 'persistence' = 'u'
                THEN 'its changes cannot be captured, so the query is evaluated whenever it is due'
            WHEN r.value ->> 'source_type' = 'VIEW' THEN 'a view, read through'
            ELSE 'its changes are captured' END),
        CASE WHEN r.value ->> 'source_type' IN ('MATVIEW', 'FOREIGN') OR r.value ->> 'persistence' = 'u' THEN 'WARN' ELSE 'OK' END
        FROM pg_catalog.jsonb_array_elements(analysis -> 'relations') AS r;
    RETURN QUERY SELECT 'volatile function', pg_catalog.format('%I.%I yields another result each time (volatile_function_policy is %s)%s',
            f.value ->> 'schema', f.value ->> 'name', p.policy,
            CASE WHEN p.policy <> 'allow' THEN ': the query is evaluated as a whole, and refused in mode DIFFERENTIAL' END), 'WARN'
        FROM pg_catalog.jsonb_array_elements(analysis -> 'functions') AS f CROSS JOIN (SELECT pgtrickle._setting('volatile_function_policy')) AS p(policy)
        WHERE f.value ->> 'volatility' = 'v';
    IF is_sampled THEN
        RETURN QUERY SELECT 'TABLESAMPLE', 'A sample is another one each time: the query is evaluated as a whole, and refused in mode DIFFERENTIAL.', 'WARN';
    END IF;
    IF is_recursive THEN
        RETURN QUERY SELECT 'WITH RECURSIVE',
            'Changes are followed through a UNION ALL whose step is linear in the recursive table; any other recursion is evaluated again when one of its sources has changed.', 'OK';
    END IF;
END $$;

-- The delta statements of a stream table that were needed so far, and what each operator adds when all sources change.
CREATE FUNCTION pgtrickle.explain_delta(name text) RETURNS TABLE (changed_sources text, strategy text, delta_sql text)
    LANGUAGE sql STABLE SET jit = off AS $$
    WITH plan AS (
        SELECT p.* FROM pgtrickle._get(name) g JOIN pgtrickle.stream_table_state x USING (pgt_id) JOIN pgtrickle.plans p USING (pgt_id, plan_version)
    )
    SELECT CASE WHEN v.mask = -1 THEN 'any (the query is evaluated)' ELSE pg_catalog.concat_ws(', ',
            (SELECT pg_catalog.string_agg(s.relid::pg_catalog.regclass::text, ', ' ORDER BY s.place)
                FROM pg_catalog.unnest(p.source_relids) WITH ORDINALITY AS s(relid, place) WHERE v.mask & (1::bigint << (s.place - 1)::int) <> 0),
            CASE WHEN v.mask & p.clock_bit <> 0 THEN 'the clock' END) END,
        v.strategy, pg_catalog.array_to_string(v.statements, E';\n')
    FROM plan p JOIN pgtrickle.plan_variants v USING (pgt_id, plan_version)
    UNION ALL
    SELECT 'all', 'by operator', p.explanation ->> 'delta' FROM plan p WHERE p.explanation ->> 'delta' <> ''
$$;

-- What became of a stream table's query on its way to a plan. A query that is none yet is compiled by nodes and by the command line tool alone.
CREATE FUNCTION pgtrickle.explain_query_rewrite(name text) RETURNS TABLE (stage text, tree text)
    LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    IF explain_query_rewrite.name ~* '^[[:space:](]*(select|with|values|table)[[:>:]].*[[:space:]]' THEN
        PERFORM pgtrickle._refuse('explain_query_rewrite takes the name of a stream table, not a query',
            'The server has no compiler: it shows what a node has made of a stream table''s query.',
            'Run pgtrickle explain "<query>", which compiles a query without creating anything, or call pgtrickle.validate_query.');
    END IF;
    RETURN QUERY SELECT s.stage, p.explanation ->> s.stage
        FROM pgtrickle._get(explain_query_rewrite.name) g JOIN pgtrickle.stream_table_state x USING (pgt_id) JOIN pgtrickle.plans p USING (pgt_id, plan_version)
        CROSS JOIN pg_catalog.unnest(ARRAY['parsed', 'bound', 'plan', 'delta']) WITH ORDINALITY AS s(stage, place)
        WHERE p.explanation ->> s.stage <> '' ORDER BY s.place;
END $$;

GRANT EXECUTE ON FUNCTION pgtrickle._column_changes(oid, oid), pgtrickle._require_unread(bigint, text, text[]), pgtrickle._redefinition(bigint, oid, text, text),
    pgtrickle._alter(bigint, oid, text, text, jsonb),
    pgtrickle.alter_stream_table(text, text, text, text, text, text, text, text, bool, bool, text, text, bigint, int),
    pgtrickle.create_or_replace_stream_table(text, text, text, text, bool, text, text, text, bool, bool),
    pgtrickle.validate_query(text), pgtrickle.explain_delta(text), pgtrickle.explain_query_rewrite(text) TO PUBLIC;
