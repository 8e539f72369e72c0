-- What a refresh finds when it opens: whether plan, captures and rights are in order, and what there is to do.

-- What a plan was compiled from, apart from the columns' shapes, which the captures watch: definition and mode, names, persistence, NOT NULL, keys, children, views. Names, since the
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
        SELECT s.source_relid AS relid, s.source_type, s.columns_used, n.nspname, c.relname, c.relpersistence
        FROM pgtrickle.pgt_dependencies s LEFT JOIN pg_class c ON c.oid = s.source_relid LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE s.pgt_id = p_pgt_id ORDER BY s.source_relid
    LOOP
        facts := concat_ws('/', facts, source.nspname, source.relname, source.relpersistence);
        IF source.source_type = 'VIEW' THEN
            SELECT r.xmin::text INTO part FROM pg_rewrite r WHERE r.ev_class = source.relid AND r.rulename = '_RETURN';
            facts := concat_ws('/', facts, source.relid, part);
        ELSIF source.relid = ANY (p_relids) THEN
            SELECT string_agg(concat_ws(':', a.attname, a.attnum, a.atttypid, a.atttypmod, pgtrickle._is_not_null(a)), ',' ORDER BY a.attnum) INTO part
                FROM pg_attribute a
                WHERE a.attrelid = source.relid AND a.attnum > 0 AND a.attname = ANY (source.columns_used) AND NOT a.attisdropped;
            facts := concat_ws('/', facts, source.relid, part);
            -- A key is one only where its columns are NOT NULL; the query may not use them.
            SELECT string_agg(concat(i.indkey, (SELECT bool_and(pgtrickle._is_not_null(a)) FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))), ',' ORDER BY i.indkey::text) INTO part
                FROM pg_index i
                WHERE i.indrelid = source.relid AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
            -- With tables that inherit, NOT NULL and keys mean less, and ONLY means more.
            facts := concat_ws('/', facts, part, EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = source.relid));
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

-- Whether evaluating the query as a whole is measured to be cheaper than a delta of p_rows change rows. What an evaluation takes is what the last one (or the first fill)
-- took; what a delta takes is what deltas of about as many rows took. A slow one may have met a busy machine, and data and statistics change: after the first (the third, where
-- little is lost) the query is evaluated twice, then the delta has another try; each that is slow again doubles the evaluations until the next, up to 20. So both kinds of mistake stay cheap.
-- For more rows than any delta yet the time of a row is taken from those before, if the rows are more than differential_max_change_ratio of the sources. With that setting at 0
-- deltas are never given up for their cost.
CREATE FUNCTION pgtrickle._full_is_cheaper(p_pgt_id bigint, p_relids oid[], p_rows bigint, p_last_full bigint) RETURNS bool
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Fewer change rows than this tell about round trips and planning, not about rows.
    telling constant bigint := 1000;
    -- So much slower a delta has to have been.
    margin constant float8 := 1.2;
    margin_ms constant float8 := 20;
    -- What is less says little on a machine that has other work.
    much_ms constant float8 := 200;
    ratio constant float8 := coalesce((SELECT s.value::float8 FROM pgtrickle.settings s WHERE s.name = 'differential_max_change_ratio'), 0.15);
    full_ms float8;
    least_ms float8;
    row_ms float8;
    has_similar bool;
    slow int;
    evaluated int;
BEGIN
    SELECT extract(epoch FROM h.end_time - h.start_time) * 1000 INTO full_ms FROM pgtrickle.pgt_refresh_history h WHERE h.refresh_id = p_last_full;
    IF full_ms IS NULL OR ratio = 0 THEN
        RETURN false;
    END IF;
    WITH recent AS MATERIALIZED (
        SELECT i.refresh_id, i.delta_rows, i.action = 'DIFFERENTIAL' AS is_delta, i.delta_rows BETWEEN p_rows / 4 AND p_rows * 4 AS is_similar,
                extract(epoch FROM i.end_time - i.start_time)::float8 * 1000 AS ms
            FROM pgtrickle.pgt_refresh_history i
            WHERE i.pgt_id = p_pgt_id AND i.status = 'COMPLETED' ORDER BY i.refresh_id DESC LIMIT 100),
    last AS (
        SELECT coalesce(max(r.refresh_id), 0) AS similar, coalesce(max(r.refresh_id) FILTER (WHERE r.ms <= full_ms * margin + margin_ms), 0) AS fast
            FROM recent r WHERE r.is_delta AND r.is_similar)
    SELECT coalesce(bool_or(r.is_delta AND r.is_similar), false),
            count(*) FILTER (WHERE r.is_delta AND r.is_similar AND r.refresh_id > last.fast),
            min(r.ms) FILTER (WHERE r.is_delta AND r.is_similar AND r.refresh_id > last.fast),
            count(*) FILTER (WHERE NOT r.is_delta AND r.refresh_id > last.similar),
            sum(r.ms) FILTER (WHERE r.is_delta AND r.delta_rows >= telling) / sum(r.delta_rows) FILTER (WHERE r.is_delta AND r.delta_rows >= telling)
        INTO has_similar, slow, least_ms, evaluated, row_ms
        FROM recent r CROSS JOIN last;
    IF has_similar THEN
        IF least_ms - full_ms < much_ms THEN
            slow := slow - 2;
        END IF;
        RETURN slow > 0 AND evaluated < least(2 ^ slow, 20);
    END IF;
    RETURN p_rows >= telling AND coalesce(row_ms * p_rows > full_ms, false) AND p_rows > (
        SELECT ratio * coalesce(sum(greatest(c.reltuples, 0)), 0)
            FROM unnest(p_relids) AS r(oid) CROSS JOIN LATERAL unnest(pgtrickle._tree(r.oid)) AS t(oid) JOIN pg_class c ON c.oid = t.oid);
END $$;

-- Whether an expression of the clock has moved since p_clock, in the time zone of the stream table's creator.
CREATE FUNCTION pgtrickle._clock_moved(p_pgt_id bigint, p_expression text, p_clock timestamptz) RETURNS bool
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moved bool;
BEGIN
    PERFORM set_config(split_part(c.setting, '=', 1), split_part(c.setting, '=', 2), true)
        FROM (
            SELECT unnest(p.proconfig) AS setting FROM pgtrickle.stream_tables d JOIN pg_proc p ON p.oid = pgtrickle._run_function(d.run_name) WHERE d.pgt_id = p_pgt_id) AS c
        WHERE lower(c.setting) LIKE 'timezone=%';
    EXECUTE format('SELECT %s', p_expression) INTO moved USING NULL::pg_snapshot, NULL::xid8[], p_clock;
    RETURN coalesce(moved, true);
END $$;

-- What of the catalog a refresh depends on, as the row versions (xmin) that this transaction's snapshot sees: of the definition, the plan, the stream table,
-- its owner's function, the sources with their columns, triggers, indexes and rules (and the names by which statements go), the captures, the functions of the query. As long as the stamp is that
-- of a refresh which has checked all of it, plan, captures and ownership are as they were then. Rights also depend on who is a member of which role, so
-- those are asked for each time.
-- NULL, so that everything is checked, where row versions of these tables do not tell all: partitions and children, rights on single columns.
-- All look-ups are by key, whatever the planner thinks of small tables: it plans them once and for all.
-- The server's start belongs to it since that is how long its identity needs no look at the control file.
CREATE FUNCTION pgtrickle._stamp(p_pgt_id bigint, p_plan_version bigint, p_system bigint, p_nodes oid[]) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    stamp text;
BEGIN
    SELECT concat_ws('/', p_system, extract(epoch FROM pg_postmaster_start_time()), current_database(), d.xmin, p.xmin, t.oid::regclass, t.xmin, f.xmin, s.stamp,
            CASE WHEN p_nodes <> '{}' THEN pgtrickle._node_stamp(p_nodes, t.relowner) END,
            (SELECT bit_xor(hashtextextended(concat(k.capture_id, ':', k.xmin), 0)) FROM pgtrickle.captures k WHERE k.capture_id = ANY (p.capture_ids)),
            CASE WHEN p.function_oids <> '{}' THEN (
                SELECT bit_xor(hashtextextended(concat(u.oid, ':', u.xmin), 0)) FROM pg_proc u WHERE u.oid = ANY (p.function_oids)) END)
        INTO stamp
        FROM pgtrickle.stream_tables d
        JOIN pgtrickle.plans p ON p.pgt_id = d.pgt_id AND p.plan_version = p_plan_version
        JOIN pg_class t ON t.oid = d.pgt_relid
        JOIN pg_proc f ON f.oid = to_regprocedure(format('pgtrickle_run.%I(pg_snapshot, xid8[], timestamptz)', d.run_name))
        CROSS JOIN LATERAL (
            SELECT bit_xor(hashtextextended(concat_ws(':', c.oid, c.oid::regclass, c.xmin, n.xmin,
                        (SELECT bit_xor(hashtextextended(concat(o.attnum, ':', o.xmin), 0)) FROM pg_attribute o WHERE o.attrelid = c.oid AND o.attnum > 0),
                        (SELECT bit_xor(hashtextextended(concat(o.oid, ':', o.xmin), 0)) FROM pg_trigger o WHERE o.tgrelid = c.oid AND NOT o.tgisinternal),
                        (SELECT bit_xor(hashtextextended(concat(o.indexrelid, ':', o.xmin), 0)) FROM pg_index o WHERE o.indrelid = c.oid),
                        CASE WHEN c.relkind = 'v' THEN (SELECT o.xmin FROM pg_rewrite o WHERE o.ev_class = c.oid AND o.rulename = '_RETURN') END,
                        EXISTS (SELECT FROM pg_subscription_rel o WHERE o.srrelid = c.oid)), 0)) AS stamp,
                    bool_and(NOT c.relhassubclass AND c.relkind <> 'p' AND has_table_privilege(t.relowner, c.oid, 'SELECT')) AS is_plain
                FROM pgtrickle.pgt_dependencies n
                JOIN pg_class c ON c.oid = n.source_relid
                WHERE n.pgt_id = d.pgt_id) AS s
        WHERE d.pgt_id = p_pgt_id AND s.is_plain;
    RETURN md5(stamp);
END $$;

-- Checks plan and captures against the catalog: PT002 where they do not fit. Returns the state of the captures and of the functions used, as a hash, and
-- whether a trigger is disabled.
CREATE FUNCTION pgtrickle._verify(d pgtrickle.stream_tables, plan pgtrickle.plans, OUT captures text, OUT is_disabled bool)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    problems text[];
    functions oid[] := pgtrickle._user_functions(d.analysis);
    capture int;
    state record;
BEGIN
    IF plan.pgt_id IS NULL OR plan.fingerprint <> pgtrickle._fingerprint(d.pgt_id, plan.source_relids) THEN
        RAISE EXCEPTION 'the plan of stream table %.% is out of date', d.pgt_schema, d.pgt_name USING ERRCODE = 'PT002', DETAIL = d.pgt_id::text;
    END IF;
    captures := '';
    is_disabled := false;
    FOREACH capture IN ARRAY plan.capture_ids LOOP
        state := pgtrickle._capture_state(capture);
        captures := md5(captures || state.hash);
        IF state.problem = 'disabled' THEN
            is_disabled := true;
        ELSIF state.problem IS NOT NULL THEN
            problems := problems || state.problem;
        END IF;
    END LOOP;
    IF problems IS NOT NULL THEN
        RAISE EXCEPTION 'the captures of stream table %.% do not fit their sources: %', d.pgt_schema, d.pgt_name, array_to_string(problems, ', ')
            USING ERRCODE = 'PT002', DETAIL = d.pgt_id::text;
    END IF;
    -- A function whose body was replaced yields other results.
    IF functions <> '{}' THEN
        captures := md5(concat_ws('/', captures, (
            SELECT string_agg(concat_ws(':', p.oid, p.xmin), ',' ORDER BY p.oid) FROM pg_proc p WHERE p.oid = ANY (functions))));
    END IF;
END $$;

-- What there is to do for a stream table on this snapshot. Reads the buffers as pgtrickle, each once; writes nothing. Every refresh runs through here: PL/pgSQL makes each
-- expression ready anew in each transaction, so few of them, on variables of single values, are faster than they look.
CREATE FUNCTION pgtrickle._probe(p_pgt_id bigint, p_strategy text) RETURNS pgtrickle.probe
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    started_at constant timestamptz := clock_timestamp();
    s record;
    unread record;
    ordinal int := 0;
    capture int;
    is_disabled bool := false;
    is_foreign bool := false;
    is_fallback bool := false;
    was_truncated bool := false;
    has_nodes bool := true;
    action text := 'NO_DATA';
    lost text;
    reason text;
    system bigint;
    stamp text;
    captures text;
    mask bigint := 0;
    change_rows bigint := 0;
    own_rows bigint[];
BEGIN
    SELECT t.is_populated, t.needs_reinit, t.frontier_snapshot, t.frontier_system, t.frontier_clock, t.frontier_own_xids, t.frontier_own_rows, t.frontier_captures,
            t.plan_version, t.last_refresh_ms, t.last_full_refresh, t.node_relids, t.node_stamp, p.mode, p.source_relids, p.capture_ids, p.is_untracked, p.clock_moved, p.clock_bit, t.verified_stamp,
            p.raised_by_plan IS NOT NULL AND p.created_at < clock_timestamp() - greatest(t.last_refresh_ms * interval '50 ms', interval '1 hour') AS had_its_time,
            CASE WHEN t.verified_stamp IS NOT NULL AND t.status <> 'SUSPENDED' THEN pgtrickle._stamp(p_pgt_id, t.plan_version, t.frontier_system, t.node_relids) END AS stamp
        INTO s
        FROM pgtrickle.stream_table_state t LEFT JOIN pgtrickle.plans p USING (pgt_id, plan_version) WHERE t.pgt_id = p_pgt_id;
    IF s.stamp = s.verified_stamp THEN
        stamp := s.stamp;
        captures := s.frontier_captures;
        system := s.frontier_system;
    ELSE
        PERFORM pgtrickle._check_refreshable(p_pgt_id);
        SELECT v.captures, v.is_disabled INTO captures, is_disabled
            FROM pgtrickle.stream_tables d LEFT JOIN pgtrickle.plans p ON p.pgt_id = d.pgt_id AND p.plan_version = s.plan_version
            CROSS JOIN LATERAL pgtrickle._verify(d, p) AS v
            WHERE d.pgt_id = p_pgt_id;
        system := pgtrickle._system_id();
        has_nodes := pgtrickle._has_nodes(p_pgt_id, s.node_relids, s.node_stamp);
        stamp := CASE WHEN NOT is_disabled THEN pgtrickle._stamp(p_pgt_id, s.plan_version, system, s.node_relids) END;
    END IF;

    IF NOT s.is_populated THEN
        IF p_strategy NOT LIKE '%FILL%' THEN
            RAISE EXCEPTION 'stream table % is not populated', p_pgt_id USING ERRCODE = 'PT003', DETAIL = p_pgt_id::text;
        END IF;
        action := 'FILL';
    ELSIF s.frontier_system IS DISTINCT FROM system
        OR pg_snapshot_xmax(s.frontier_snapshot) > pg_snapshot_xmax(pg_current_snapshot()) THEN
        -- Xids of another past compare with ours, and mean nothing: what is in the buffers cannot be told from what was read.
        is_foreign := true;
        lost := 'the frontier is of another past';
        s.frontier_own_rows := NULL;
        s.frontier_own_xids := NULL;
        s.frontier_snapshot := NULL;
    END IF;

    FOREACH capture IN ARRAY s.capture_ids LOOP
        ordinal := ordinal + 1;
        IF capture IS NULL THEN
            own_rows := own_rows || 0::bigint;
            CONTINUE;
        END IF;
        EXECUTE format('SELECT * FROM pgtrickle_changes.%I($1, $2, $3)', 'u_' || capture) INTO unread
            USING coalesce(s.frontier_snapshot, pg_current_snapshot()), s.frontier_own_xids[ordinal], pg_current_xact_id_if_assigned();
        own_rows := own_rows || unread.own;
        IF unread.unread > 0 THEN
            mask := mask | (1::bigint << (ordinal - 1));
            change_rows := change_rows + unread.unread;
            -- For the planner: the statements of the delta limit what they read of the buffer to this number, which is what there is.
            PERFORM set_config('pgtrickle.rows_' || ordinal, unread.unread::text, true);
        END IF;
        was_truncated := was_truncated OR unread.was_truncated;
        IF is_foreign THEN
            CONTINUE;
        ELSIF unread.has_drifted THEN
            lost := 'a source changed its shape while it was written to';
        ELSIF unread.consumed <> coalesce(s.frontier_own_rows[ordinal], 0) THEN
            lost := 'the refresh before wrote to a source after it had read it';
        END IF;
    END LOOP;

    IF action <> 'FILL' THEN
        IF s.clock_moved IS NOT NULL AND NOT is_foreign AND pgtrickle._clock_moved(p_pgt_id, s.clock_moved, s.frontier_clock) THEN
            mask := mask | s.clock_bit;
        END IF;
        IF NOT is_foreign THEN
            lost := CASE WHEN s.needs_reinit THEN 'reinitialisation was asked for'
                WHEN NOT has_nodes THEN 'tables that the plan keeps were changed by somebody else'
                WHEN s.frontier_captures IS DISTINCT FROM captures THEN 'triggers, partitions or functions are not those of the refresh before'
                ELSE lost END;
        END IF;
        IF lost IS NOT NULL THEN
            action := 'REINITIALIZE';
            reason := lost;
        ELSIF p_strategy LIKE '%FULL%' THEN
            action := 'FULL';
            is_fallback := s.mode <> 'FULL';
            reason := CASE WHEN is_fallback THEN 'the delta failed where the query does not' END;
        ELSIF is_disabled THEN
            action := 'FULL';
            is_fallback := true;
            reason := 'a capture trigger is disabled';
        ELSIF mask <> 0 AND s.had_its_time THEN
            -- What a differential plan raised, it may not raise over the rows that are there now.
            RAISE EXCEPTION 'the plan of stream table % is to be made anew', p_pgt_id USING ERRCODE = 'PT002', DETAIL = p_pgt_id::text;
        ELSIF s.is_untracked OR (mask <> 0 AND s.mode = 'FULL') THEN
            action := 'FULL';
        ELSIF mask <> 0 AND was_truncated THEN
            action := 'FULL';
            is_fallback := true;
            reason := 'a source was truncated';
        -- Where refreshes take no time, there is none to be saved.
        ELSIF mask <> 0 AND (change_rows >= 1000 OR s.last_refresh_ms > 20) AND pgtrickle._full_is_cheaper(p_pgt_id, s.source_relids, change_rows, s.last_full_refresh) THEN
            action := 'FULL';
            is_fallback := true;
            reason := format('%s change rows: evaluating the query is measured to be cheaper', change_rows);
        ELSIF mask <> 0 THEN
            action := 'DIFFERENTIAL';
        END IF;
    END IF;
    RETURN ROW(action, reason, is_fallback, mask, own_rows, change_rows, captures, system, stamp, started_at)::pgtrickle.probe;
END $$;

-- Functions of the query that users made, whose bodies can change.
CREATE FUNCTION pgtrickle._user_functions(p_analysis jsonb) RETURNS oid[]
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (
        SELECT coalesce(array_agg((f.value ->> 'oid')::oid), '{}')
        FROM jsonb_array_elements(coalesce(p_analysis -> 'functions', '[]')) AS f(value)
        WHERE (f.value ->> 'oid')::bigint >= 16384);
END $$;
