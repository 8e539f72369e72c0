-- The refresh as the database sees it: open (lock, rights, probe), plan (hand out the statements), close (guards, frontier, history).
--
-- A refresh is one REPEATABLE READ transaction of role pgtrickle_worker. Between open and close the owner's function runs users' code, which may
-- do anything its owner may and everything that role can; so what open and close decide on stands in tables of pgtrickle alone, and both want the
-- node's token, which user code never sees. SQLSTATEs of our own tell the node what to do before it tries again:
--   PT001 a variant of the plan is not stored, PT002 the plan does not fit the tables any more, PT003 the stream table has no contents yet,
--   PT004 a stream table that it reads has none.

-- What a plan was compiled from, apart from the columns' shapes, which the captures watch: definition and mode, names, NOT NULL, keys, views. Names, since the
-- statements go by them: a table may be renamed, and another take its name.
CREATE FUNCTION pgtrickle._fingerprint(p_pgt_id bigint, p_relids oid[]) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    facts text;
    source record;
    part text;
BEGIN
    SELECT concat_ws('/', d.refresh_mode, md5(d.defining_query), n.nspname, c.relname) INTO facts
        FROM pgtrickle.stream_tables d LEFT JOIN pg_class c ON c.oid = d.pgt_relid LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE d.pgt_id = p_pgt_id;
    FOR source IN
        SELECT s.source_relid AS relid, s.source_type, s.columns_used, n.nspname, c.relname
        FROM pgtrickle.pgt_dependencies s LEFT JOIN pg_class c ON c.oid = s.source_relid LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE s.pgt_id = p_pgt_id ORDER BY s.source_relid
    LOOP
        facts := concat_ws('/', facts, source.nspname, source.relname);
        IF source.source_type = 'VIEW' THEN
            SELECT r.xmin::text INTO part FROM pg_rewrite r WHERE r.ev_class = source.relid AND r.rulename = '_RETURN';
            facts := concat_ws('/', facts, source.relid, part);
        ELSIF source.relid = ANY (p_relids) THEN
            SELECT string_agg(concat_ws(':', a.attname, a.atttypid, a.atttypmod, a.attnotnull), ',' ORDER BY a.attnum) INTO part
                FROM pg_attribute a
                WHERE a.attrelid = source.relid AND a.attnum > 0 AND a.attname = ANY (source.columns_used) AND NOT a.attisdropped;
            facts := concat_ws('/', facts, source.relid, part);
            SELECT string_agg(i.indkey::text, ',' ORDER BY i.indexrelid) INTO part
                FROM pg_index i
                WHERE i.indrelid = source.relid AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
            facts := concat_ws('/', facts, part);
        END IF;
    END LOOP;
    RETURN md5(facts);
END $$;

-- Which server and database a frontier belongs to.
CREATE FUNCTION pgtrickle._system_id() RETURNS bigint
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (
        SELECT hashtextextended(current_database(), c.system_identifier) FROM pg_control_system() c);
END $$;

-- Whether evaluating the query as a whole is known to be cheaper than a delta of p_rows change rows: asked only above differential_max_change_ratio
-- of the sources' rows. Compares what the last differential refreshes took for a change row with what the last full one (or the first fill) took.
CREATE FUNCTION pgtrickle._full_is_cheaper(p_pgt_id bigint, p_relids oid[], p_rows bigint) RETURNS bool
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Fewer change rows than this tell about round trips and planning, not about rows.
    telling constant bigint := 1000;
    ratio float8;
    source_rows float8 := 0;
    relid oid;
    full_ms float8;
    row_ms float8;
BEGIN
    IF p_rows < telling THEN
        RETURN false;
    END IF;
    SELECT s.value::float8 INTO ratio FROM pgtrickle.settings s WHERE s.name = 'differential_max_change_ratio';
    FOREACH relid IN ARRAY p_relids LOOP
        source_rows := source_rows + (SELECT sum(greatest(c.reltuples, 0)) FROM unnest(pgtrickle._tree(relid)) AS t(oid) JOIN pg_class c USING (oid));
    END LOOP;
    IF p_rows <= coalesce(ratio, 0.15) * source_rows THEN
        RETURN false;
    END IF;
    SELECT extract(epoch FROM h.end_time - h.start_time) * 1000 INTO full_ms
        FROM pgtrickle.pgt_refresh_history h
        WHERE h.pgt_id = p_pgt_id AND h.status = 'COMPLETED' AND h.action IN ('FULL', 'REINITIALIZE')
        ORDER BY h.refresh_id DESC LIMIT 1;
    SELECT sum(extract(epoch FROM h.end_time - h.start_time) * 1000) / sum(h.delta_rows) INTO row_ms
        FROM (SELECT * FROM pgtrickle.pgt_refresh_history h
            WHERE h.pgt_id = p_pgt_id AND h.status = 'COMPLETED' AND h.action = 'DIFFERENTIAL' AND h.delta_rows >= telling
            ORDER BY h.refresh_id DESC LIMIT 5) AS h;
    RETURN coalesce(row_ms * p_rows > full_ms, false);
END $$;

-- Whether an expression of the clock has moved since p_clock, in the time zone of the stream table's creator.
CREATE FUNCTION pgtrickle._clock_moved(p_run_function oid, p_expression text, p_clock timestamptz) RETURNS bool
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moved bool;
BEGIN
    PERFORM set_config(split_part(c.setting, '=', 1), split_part(c.setting, '=', 2), true)
        FROM (SELECT unnest(p.proconfig) AS setting FROM pg_proc p WHERE p.oid = p_run_function) AS c
        WHERE lower(c.setting) LIKE 'timezone=%';
    EXECUTE format('SELECT %s', p_expression) INTO moved USING NULL::pg_snapshot, NULL::xid8[], p_clock;
    RETURN coalesce(moved, true);
END $$;

-- What there is to do for a stream table on this snapshot. Reads the buffers as pgtrickle, once, with one statement; writes nothing.
CREATE FUNCTION pgtrickle._probe(p_pgt_id bigint, p_strategy text) RETURNS pgtrickle.probe
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    d pgtrickle.stream_tables;
    s pgtrickle.stream_table_state;
    plan pgtrickle.plans;
    probe pgtrickle.probe;
    source record;
    problems text[];
    functions oid[];
    capture int;
    state record;
    is_disabled bool := false;
    is_foreign bool := false;
    lost text;
    was_truncated bool := false;
BEGIN
    SELECT * INTO d FROM pgtrickle.stream_tables t WHERE t.pgt_id = p_pgt_id;
    SELECT * INTO s FROM pgtrickle.stream_table_state t WHERE t.pgt_id = p_pgt_id;
    SELECT * INTO plan FROM pgtrickle.plans t WHERE t.pgt_id = p_pgt_id AND t.plan_version = s.plan_version;
    IF plan.pgt_id IS NULL OR plan.fingerprint <> pgtrickle._fingerprint(p_pgt_id, plan.source_relids) THEN
        RAISE EXCEPTION 'the plan of stream table %.% is out of date', d.pgt_schema, d.pgt_name USING ERRCODE = 'PT002', DETAIL = p_pgt_id::text;
    END IF;

    probe := ROW('NO_DATA', NULL, false, 0, array_fill(0::bigint, ARRAY[cardinality(plan.capture_ids)]), 0, NULL, clock_timestamp());
    probe.captures := '';
    FOREACH capture IN ARRAY plan.capture_ids LOOP
        state := pgtrickle._capture_state(capture);
        probe.captures := md5(probe.captures || state.hash);
        IF state.problem = 'disabled' THEN
            is_disabled := true;
        ELSIF state.problem IS NOT NULL THEN
            problems := problems || state.problem;
        END IF;
    END LOOP;
    IF problems IS NOT NULL THEN
        RAISE EXCEPTION 'the captures of stream table %.% do not fit their sources: %', d.pgt_schema, d.pgt_name, array_to_string(problems, ', ')
            USING ERRCODE = 'PT002', DETAIL = p_pgt_id::text;
    END IF;
    -- A function whose body was replaced yields other results.
    functions := pgtrickle._user_functions(d.analysis);
    IF functions IS NOT NULL THEN
        probe.captures := md5(concat_ws('/', probe.captures, (
            SELECT string_agg(concat_ws(':', p.oid, p.xmin), ',' ORDER BY p.oid) FROM pg_proc p WHERE p.oid = ANY (functions))));
    END IF;

    IF NOT s.is_populated THEN
        IF p_strategy NOT LIKE '%FILL%' THEN
            RAISE EXCEPTION 'stream table %.% is not populated', d.pgt_schema, d.pgt_name USING ERRCODE = 'PT003', DETAIL = p_pgt_id::text;
        END IF;
        probe.action := 'FILL';
    ELSIF s.frontier_system IS DISTINCT FROM pgtrickle._system_id()
        OR pg_snapshot_xmax(s.frontier_snapshot) > pg_snapshot_xmax(pg_current_snapshot()) THEN
        -- Xids of another past compare with ours, and mean nothing: what is in the buffers cannot be told from what was read.
        is_foreign := true;
        lost := 'the frontier is of another past';
        s.frontier_own_rows := NULL;
        s.frontier_own_xids := NULL;
        s.frontier_snapshot := NULL;
    END IF;

    FOR source IN EXECUTE pgtrickle._probe_text(plan.capture_ids)
        USING coalesce(s.frontier_snapshot, pg_current_snapshot()), s.frontier_own_xids, pg_current_xact_id_if_assigned()
    LOOP
        probe.own_rows[source.ordinal] := source.own;
        IF source.unread > 0 THEN
            probe.mask := probe.mask | (1::bigint << (source.ordinal - 1));
            probe.delta_rows := probe.delta_rows + source.unread;
        END IF;
        was_truncated := was_truncated OR source.was_truncated;
        IF is_foreign THEN
            CONTINUE;
        ELSIF source.has_drifted THEN
            lost := 'a source changed its shape while it was written to';
        ELSIF source.consumed <> coalesce(s.frontier_own_rows[source.ordinal], 0) THEN
            lost := 'the refresh before wrote to a source after it had read it';
        END IF;
    END LOOP;
    IF probe.action = 'FILL' THEN
        RETURN probe;
    END IF;
    IF plan.clock_moved IS NOT NULL AND NOT is_foreign AND pgtrickle._clock_moved(d.run_function, plan.clock_moved, s.frontier_clock) THEN
        probe.mask := probe.mask | plan.clock_bit;
    END IF;

    IF is_foreign THEN
        NULL;
    ELSIF s.needs_reinit THEN
        lost := 'reinitialisation was asked for';
    ELSIF s.frontier_captures IS DISTINCT FROM probe.captures THEN
        lost := 'triggers, partitions or functions are not those of the refresh before';
    END IF;
    IF lost IS NOT NULL THEN
        probe.action := 'REINITIALIZE';
        probe.reason := lost;
    ELSIF p_strategy LIKE '%FULL%' THEN
        probe.action := 'FULL';
        probe.is_fallback := plan.mode <> 'FULL';
        probe.reason := CASE WHEN probe.is_fallback THEN 'the delta failed where the query does not' END;
    ELSIF is_disabled THEN
        probe.action := 'FULL';
        probe.is_fallback := true;
        probe.reason := 'a capture trigger is disabled';
    ELSIF plan.is_untracked THEN
        probe.action := 'FULL';
    ELSIF probe.mask <> 0 THEN
        IF plan.mode = 'FULL' THEN
            probe.action := 'FULL';
        ELSIF was_truncated THEN
            probe.action := 'FULL';
            probe.is_fallback := true;
            probe.reason := 'a source was truncated';
        ELSIF pgtrickle._full_is_cheaper(p_pgt_id, plan.source_relids, probe.delta_rows) THEN
            probe.action := 'FULL';
            probe.is_fallback := true;
            probe.reason := format('%s change rows: evaluating the query is measured to be cheaper', probe.delta_rows);
        ELSE
            probe.action := 'DIFFERENTIAL';
        END IF;
    END IF;
    RETURN probe;
END $$;

-- The statement that counts the change rows of each source: $1 frontier, $2 own xids consumed, $3 the present xid.
CREATE FUNCTION pgtrickle._probe_text(p_capture_ids int[]) RETURNS text
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (
        SELECT coalesce(string_agg(format(
            'SELECT %1$s AS ordinal, count(*) FILTER (WHERE __pgt_xid IS DISTINCT FROM $2[%1$s]) AS unread, count(*) FILTER (WHERE __pgt_xid = $2[%1$s]) AS consumed, '
            'count(*) FILTER (WHERE __pgt_xid = $3) AS own, coalesce(bool_or(__pgt_w = 0 AND __pgt_xid IS DISTINCT FROM $2[%1$s]), false) AS was_truncated, '
            'coalesce(bool_or(__pgt_w = 2 AND __pgt_xid IS DISTINCT FROM $2[%1$s]), false) AS has_drifted '
            'FROM pgtrickle_changes.%2$I WHERE __pgt_xid >= pg_snapshot_xmin($1) AND NOT pg_visible_in_snapshot(__pgt_xid, $1)', c.place, 'b_' || c.id),
            ' UNION ALL ' ORDER BY c.place), 'SELECT 0 AS ordinal, 0 AS unread, 0 AS consumed, 0 AS own, false AS was_truncated, false AS has_drifted WHERE false')
        FROM unnest(p_capture_ids) WITH ORDINALITY AS c(id, place)
        WHERE c.id IS NOT NULL);
END $$;

-- Functions of the query that users made, whose bodies can change.
CREATE FUNCTION pgtrickle._user_functions(p_analysis jsonb) RETURNS oid[]
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (
        SELECT array_agg((f.value ->> 'oid')::oid)
        FROM jsonb_array_elements(coalesce(p_analysis -> 'functions', '[]')) AS f(value)
        WHERE (f.value ->> 'oid')::bigint >= 16384);
END $$;

CREATE FUNCTION pgtrickle._check_token(p_node bigint, p_token bytea) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pgtrickle.cluster_members m WHERE m.node_id = p_node AND m.token_hash = sha256(p_token)) THEN
        RAISE EXCEPTION 'not a member of the cluster' USING ERRCODE = '28000';
    END IF;
END $$;

-- Refuses what must not be refreshed: 42704 unknown, 55000 suspended, 42501 where owner or rights are not what they were.
CREATE FUNCTION pgtrickle._check_refreshable(p_pgt_id bigint) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    d pgtrickle.stream_tables;
    lacking text;
BEGIN
    SELECT * INTO d FROM pgtrickle.stream_tables t WHERE t.pgt_id = p_pgt_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'stream table % does not exist', p_pgt_id USING ERRCODE = '42P01';
    END IF;
    IF (SELECT s.status FROM pgtrickle.stream_table_state s WHERE s.pgt_id = p_pgt_id) = 'SUSPENDED' THEN
        RAISE EXCEPTION 'stream table %.% is suspended', d.pgt_schema, d.pgt_name
            USING ERRCODE = '55000', HINT = 'Use pgtrickle.resume_stream_table.', DETAIL = p_pgt_id::text;
    END IF;
    IF NOT EXISTS (
        SELECT FROM pg_class c JOIN pg_proc p ON p.oid = d.run_function
        WHERE c.oid = d.pgt_relid AND p.prosecdef AND p.proowner = c.relowner AND p.pronamespace = 'pgtrickle_run'::regnamespace AND p.proname = d.run_name)
    THEN
        RAISE EXCEPTION 'stream table %.% and its function pgtrickle_run.% have not the same owner', d.pgt_schema, d.pgt_name, d.run_name
            USING ERRCODE = '42501', DETAIL = p_pgt_id::text,
                HINT = 'Give both to one role, and leave the function SECURITY DEFINER.';
    END IF;
    SELECT string_agg(s.source_relid::regclass::text, ', ') INTO lacking
        FROM pgtrickle.pgt_dependencies s
        JOIN pg_class t ON t.oid = d.pgt_relid
        JOIN pg_class c ON c.oid = s.source_relid
        WHERE s.pgt_id = p_pgt_id AND NOT pgtrickle._readable(t.relowner, s.source_relid, s.columns_used);
    IF lacking IS NOT NULL THEN
        RAISE EXCEPTION 'the owner of stream table %.% has no SELECT privilege on %', d.pgt_schema, d.pgt_name, lacking
            USING ERRCODE = '42501', DETAIL = p_pgt_id::text;
    END IF;
END $$;

-- First statement of a refresh. Checks node, rights and status, and looks for work without writing; only when a member has some are the rows locked,
-- in order of id. Returns whether they are. 55P03: another refresh holds a row; 40001: it has just finished with one.
-- p_strategy: AUTO, or of FULL, SPLIT, FILL those that apply, joined by a space; SETUP or ANALYSE alone prepare a refresh.
CREATE FUNCTION pgtrickle.refresh_open(p_ids bigint[], p_node bigint, p_token bytea, p_strategy text) RETURNS bool
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    id bigint;
    probe pgtrickle.probe;
    is_preparation bool := p_strategy IN ('SETUP', 'ANALYSE');
    has_work bool := is_preparation;
BEGIN
    PERFORM pgtrickle._check_token(p_node, p_token);
    IF NOT is_preparation AND (current_setting('transaction_isolation') <> 'repeatable read' OR pg_current_xact_id_if_assigned() IS NOT NULL) THEN
        RAISE EXCEPTION 'a refresh has to open a REPEATABLE READ transaction' USING ERRCODE = '25001';
    END IF;
    FOREACH id IN ARRAY p_ids LOOP
        PERFORM pgtrickle._check_refreshable(id);
        IF NOT has_work THEN
            IF p_strategy LIKE '%FILL%' THEN
                PERFORM pgtrickle._check_upstream(id);
            END IF;
            probe := pgtrickle._probe(id, p_strategy);
            has_work := probe.action <> 'NO_DATA';
        END IF;
    END LOOP;
    IF NOT has_work THEN
        RETURN false;
    END IF;
    FOR id IN SELECT DISTINCT unnest(p_ids) ORDER BY 1 LOOP
        PERFORM FROM pgtrickle.stream_table_state s WHERE s.pgt_id = id FOR NO KEY UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'stream table % is being refreshed elsewhere', id USING ERRCODE = '55P03', DETAIL = id::text;
        END IF;
    END LOOP;
    UPDATE pgtrickle.stream_table_state s
        SET opened_xid = pg_current_xact_id(), opened_for = p_strategy, plan_taken = false,
            -- In a group the members before decide what there is to do.
            opened_probe = CASE WHEN cardinality(p_ids) = 1 AND NOT is_preparation THEN probe END
        WHERE s.pgt_id = ANY (p_ids);
    RETURN true;
END $$;

CREATE FUNCTION pgtrickle._check_upstream(p_pgt_id bigint) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    upstream text;
BEGIN
    SELECT string_agg(format('%I.%I', t.pgt_schema, t.pgt_name), ', ') INTO upstream
        FROM pgtrickle.pgt_dependencies s
        JOIN pgtrickle.stream_tables t ON t.pgt_id = s.source_pgt_id
        JOIN pgtrickle.stream_table_state u ON u.pgt_id = s.source_pgt_id
        WHERE s.pgt_id = p_pgt_id AND NOT u.is_populated;
    IF upstream IS NOT NULL THEN
        RAISE EXCEPTION 'stream tables that it reads are not populated yet: %', upstream USING ERRCODE = 'PT004', DETAIL = p_pgt_id::text;
    END IF;
END $$;

-- Gives the owner's function its statements, in order, once in the transaction that opened; nothing in any other, or when there is nothing to do.
CREATE FUNCTION pgtrickle.refresh_plan(p_pgt_id bigint) RETURNS TABLE (statement text, snap pg_snapshot, own xid8[], clock timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    s pgtrickle.stream_table_state;
    plan pgtrickle.plans;
    probe pgtrickle.probe;
    statements text[];
    wanted_strategy text;
BEGIN
    SELECT * INTO s FROM pgtrickle.stream_table_state t WHERE t.pgt_id = p_pgt_id AND t.opened_xid = pg_current_xact_id_if_assigned();
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF s.plan_taken THEN
        RAISE EXCEPTION 'the plan of stream table % was taken already', p_pgt_id USING ERRCODE = '55000', DETAIL = p_pgt_id::text;
    END IF;
    IF s.opened_for IN ('SETUP', 'ANALYSE') THEN
        UPDATE pgtrickle.stream_table_state t SET plan_taken = true WHERE t.pgt_id = p_pgt_id;
        statements := CASE s.opened_for WHEN 'SETUP' THEN ARRAY(SELECT pgtrickle._setup_statements(p_pgt_id)) ELSE pgtrickle._analyse_statements(p_pgt_id) END;
        RETURN QUERY SELECT t.statement, NULL::pg_snapshot, NULL::xid8[], NULL::timestamptz
            FROM unnest(statements) WITH ORDINALITY AS t(statement, place) ORDER BY t.place;
        RETURN;
    END IF;
    probe := s.opened_probe;
    IF probe IS NULL OR probe.action IS NULL THEN
        probe := pgtrickle._probe(p_pgt_id, s.opened_for);
    END IF;
    UPDATE pgtrickle.stream_table_state t SET plan_taken = true, opened_probe = probe WHERE t.pgt_id = p_pgt_id;
    SELECT * INTO plan FROM pgtrickle.plans t WHERE t.pgt_id = p_pgt_id AND t.plan_version = s.plan_version;
    wanted_strategy := CASE WHEN s.opened_for LIKE '%SPLIT%' THEN 'SPLIT' ELSE 'MERGE' END;
    IF probe.action = 'NO_DATA' THEN
        RETURN;
    ELSIF probe.action = 'FILL' THEN
        statements := plan.setup_statements || plan.fill_statements;
    ELSIF probe.action = 'REINITIALIZE' AND s.shape IS DISTINCT FROM array_to_string(plan.setup_statements, ';') THEN
        statements := pgtrickle._reshape_statements(p_pgt_id) || plan.setup_statements || plan.fill_statements;
    ELSIF probe.action <> 'DIFFERENTIAL' AND wanted_strategy = 'MERGE' THEN
        statements := plan.full_statements;
    ELSE
        IF probe.action <> 'DIFFERENTIAL' THEN
            probe.mask := -1;
        END IF;
        SELECT v.statements INTO statements FROM pgtrickle.plan_variants v
            WHERE v.pgt_id = p_pgt_id AND v.plan_version = s.plan_version AND v.mask = probe.mask AND v.strategy = wanted_strategy;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'variant % of the plan of stream table % is not stored', probe.mask, p_pgt_id
                USING ERRCODE = 'PT001', DETAIL = concat_ws(' ', p_pgt_id, s.plan_version, probe.mask, wanted_strategy);
        END IF;
    END IF;
    -- Members of a group share the transaction: each leaves its counts under a name of its own.
    statements := statements || format(
        'SELECT pg_catalog.set_config(%L, pg_catalog.current_setting(''pgtrickle.delta'', true), true), pg_catalog.set_config(''pgtrickle.delta'', '''', true)',
        'pgtrickle.delta_' || p_pgt_id);
    RETURN QUERY SELECT t.statement, s.frontier_snapshot, s.frontier_own_xids, s.frontier_clock
        FROM unnest(statements) WITH ORDINALITY AS t(statement, place) ORDER BY t.place;
END $$;

-- What MVCC does not cover: TRUNCATE, rewrites, ATTACH and DETACH change what an old snapshot reads. Compares file nodes and partitions as they
-- are now with this transaction's snapshot. The refresh still holds its locks on all it has read, so what is found equal stays equal until COMMIT.
CREATE FUNCTION pgtrickle._check_storage(p_relids oid[], p_capture_ids int[]) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source oid;
    relid oid;
    tree oid[];
    seen record;
    read oid[] := ARRAY(SELECT c.buffer_relid FROM pgtrickle.captures c WHERE c.capture_id = ANY (p_capture_ids));
BEGIN
    FOREACH source IN ARRAY p_relids LOOP
        tree := pgtrickle._tree(source);
        read := read || tree;
        IF (SELECT c.relkind FROM pg_class c WHERE c.oid = source) = 'p'
            AND tree <> ARRAY(SELECT p.relid::oid FROM pg_partition_tree(source) p ORDER BY p.relid::oid) THEN
            RAISE EXCEPTION 'partitions of % changed during the refresh', source::regclass USING ERRCODE = '40001';
        END IF;
    END LOOP;
    FOREACH relid IN ARRAY read LOOP
        SELECT c.relfilenode AS old, pg_relation_filenode(c.oid::regclass) AS new INTO seen FROM pg_class c WHERE c.oid = relid;
        IF seen.old <> 0 AND seen.old IS DISTINCT FROM seen.new THEN
            RAISE EXCEPTION 'table % was truncated or rewritten during the refresh', relid::regclass USING ERRCODE = '40001';
        END IF;
    END LOOP;
END $$;

-- Last statement of a refresh: guards, frontier, counters, history; a row for each member, in the order given.
CREATE FUNCTION pgtrickle.refresh_close(p_ids bigint[], p_node bigint, p_token bytea, p_initiator text)
    RETURNS TABLE (pgt_id bigint, action text, rows_inserted bigint, rows_deleted bigint, delta_rows bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    id bigint;
    s pgtrickle.stream_table_state;
    counts text;
BEGIN
    PERFORM pgtrickle._check_token(p_node, p_token);
    FOREACH id IN ARRAY p_ids LOOP
        SELECT * INTO s FROM pgtrickle.stream_table_state t WHERE t.pgt_id = id AND t.opened_xid = pg_current_xact_id_if_assigned();
        IF FOUND AND NOT s.plan_taken THEN
            RAISE EXCEPTION 'the function of stream table % did not run its plan', id USING ERRCODE = '55000', DETAIL = id::text;
        END IF;
        refresh_close.pgt_id := id;
        refresh_close.action := CASE WHEN s.opened_for IN ('SETUP', 'ANALYSE') THEN s.opened_for ELSE coalesce((s.opened_probe).action, 'NO_DATA') END;
        refresh_close.rows_inserted := 0;
        refresh_close.rows_deleted := 0;
        refresh_close.delta_rows := 0;
        IF s.opened_for = 'SETUP' THEN
            UPDATE pgtrickle.captures c SET status = 'ACTIVE'
                FROM pgtrickle.capture_consumers u
                WHERE u.capture_id = c.capture_id AND u.pgt_id = id AND c.status = 'PREPARING' AND (pgtrickle._capture_state(c.capture_id)).problem IS NULL;
        ELSIF refresh_close.action NOT IN ('NO_DATA', 'ANALYSE') THEN
            -- Users' code may have written anything into the setting: take digits only.
            counts := current_setting('pgtrickle.delta_' || id, true);
            refresh_close.rows_inserted := coalesce(substring(counts FROM '^(\d{1,18}),')::bigint, 0);
            refresh_close.rows_deleted := coalesce(substring(counts FROM '^\d{1,18},(\d{1,18})$')::bigint, 0);
            refresh_close.delta_rows := coalesce((s.opened_probe).delta_rows, 0);
            PERFORM pgtrickle._close_member(s, refresh_close.rows_inserted, refresh_close.rows_deleted, p_node, p_initiator);
            refresh_close.action := CASE refresh_close.action WHEN 'FILL' THEN 'FULL' ELSE refresh_close.action END;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;

CREATE FUNCTION pgtrickle._close_member(s pgtrickle.stream_table_state, p_inserted bigint, p_deleted bigint, p_node bigint, p_initiator text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    plan pgtrickle.plans;
    probe pgtrickle.probe := s.opened_probe;
    is_fill bool := (s.opened_probe).action = 'FILL';
    capture int;
BEGIN
    SELECT * INTO plan FROM pgtrickle.plans t WHERE t.pgt_id = s.pgt_id AND t.plan_version = s.plan_version;
    PERFORM pgtrickle._check_storage(plan.source_relids, plan.capture_ids);
    IF probe.reason = 'the frontier is of another past' THEN
        FOR capture IN SELECT DISTINCT c FROM unnest(plan.capture_ids) AS c WHERE c IS NOT NULL LOOP
            EXECUTE format('DELETE FROM pgtrickle_changes.%I WHERE __pgt_xid >= pg_snapshot_xmax(pg_current_snapshot()) AND __pgt_xid <> pg_current_xact_id()', 'b_' || capture);
        END LOOP;
    END IF;
    UPDATE pgtrickle.stream_table_state t SET
        status = CASE WHEN t.status IN ('INITIALIZING', 'ERROR') THEN 'ACTIVE' ELSE t.status END,
        is_populated = true,
        needs_reinit = false,
        frontier_epoch = t.frontier_epoch + 1,
        frontier_snapshot = pg_current_snapshot(),
        frontier_system = pgtrickle._system_id(),
        frontier_clock = transaction_timestamp(),
        frontier_own_xids = (SELECT array_agg(CASE WHEN n > 0 THEN pg_current_xact_id() END ORDER BY place) FROM unnest(probe.own_rows) WITH ORDINALITY AS o(n, place)),
        frontier_own_rows = probe.own_rows,
        frontier_captures = probe.captures,
        shape = CASE WHEN is_fill OR probe.action = 'REINITIALIZE' THEN array_to_string(plan.setup_statements, ';') ELSE t.shape END,
        shape_indexes = coalesce((
            SELECT array_agg(i.indexrelid) FROM pg_index i JOIN pgtrickle.stream_tables d ON i.indrelid = d.pgt_relid
            WHERE d.pgt_id = t.pgt_id AND i.xmin = pg_current_xact_id()::xid), t.shape_indexes),
        opened_probe = NULL,
        last_refresh_at = clock_timestamp(),
        data_timestamp = CASE WHEN is_fill OR p_inserted + p_deleted > 0 THEN transaction_timestamp() ELSE t.data_timestamp END,
        consecutive_errors = 0,
        last_error_code = NULL, last_error_message = NULL, last_error_detail = NULL, last_error_hint = NULL, last_error_at = NULL,
        total_refreshes = t.total_refreshes + 1
    WHERE t.pgt_id = s.pgt_id AND t.opened_xid = pg_current_xact_id() AND t.frontier_epoch = s.frontier_epoch;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the frontier of stream table % was moved by somebody else', s.pgt_id USING ERRCODE = '40001', DETAIL = s.pgt_id::text;
    END IF;
    INSERT INTO pgtrickle.pgt_refresh_history (pgt_id, data_timestamp, start_time, end_time, action, status, initiated_by,
            rows_inserted, rows_deleted, delta_rows, was_full_fallback, fallback_reason, node_name)
        SELECT s.pgt_id, transaction_timestamp(), probe.started_at, clock_timestamp(), CASE WHEN is_fill THEN 'FULL' ELSE probe.action END, 'COMPLETED',
            p_initiator, p_inserted, p_deleted, CASE WHEN is_fill THEN 0 ELSE probe.delta_rows END, probe.is_fallback, probe.reason,
            (SELECT m.node_name FROM pgtrickle.cluster_members m WHERE m.node_id = p_node);
END $$;

-- Ends the backend of a node that holds a stream table's row and is no member any more, or was started again since. Run over control; the role
-- pgtrickle may end sessions of pgtrickle_worker. Returns how many were ended.
CREATE FUNCTION pgtrickle._end_frozen_holders(p_ids bigint[], p_freshness interval) RETURNS int
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid))::int
    FROM pgtrickle.stream_table_state s
    JOIN pg_locks l ON l.locktype = 'transactionid' AND l.transactionid = s.xmax AND l.mode = 'ExclusiveLock' AND l.granted
    JOIN pg_stat_activity a ON a.pid = l.pid AND a.usename = 'pgtrickle_worker' AND a.datname = current_database()
    WHERE s.pgt_id = ANY (p_ids) AND s.xmax <> '0'
        AND a.application_name LIKE 'pgtrickle/%'
        AND NOT EXISTS (
            SELECT FROM pgtrickle.cluster_members m
            WHERE a.application_name = 'pgtrickle/' || m.node_id AND m.heartbeat_at > clock_timestamp() - p_freshness)
$$;

GRANT EXECUTE ON FUNCTION pgtrickle.refresh_plan(bigint) TO PUBLIC;
GRANT EXECUTE ON FUNCTION pgtrickle.refresh_open(bigint[], bigint, bytea, text) TO pgtrickle_worker;
GRANT EXECUTE ON FUNCTION pgtrickle.refresh_close(bigint[], bigint, bytea, text) TO pgtrickle_worker;
