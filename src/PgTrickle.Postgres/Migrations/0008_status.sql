-- What users look at: the catalog as views, status, history, advice, explanations; and what nodes write when a refresh fails.

------------------------------------------------------------------------------------------------------------------------- catalog views

CREATE VIEW pgtrickle.pgt_stream_tables AS
SELECT s.pgt_id, s.pgt_relid::oid AS pgt_relid, coalesce(c.relname::text, s.pgt_name) AS pgt_name, coalesce(n.nspname::text, s.pgt_schema) AS pgt_schema,
    s.defining_query, s.original_query, s.schedule, e.schedule AS effective_schedule, s.refresh_mode, x.effective_refresh_mode, x.downgrade_reason,
    x.status, x.is_populated, x.data_timestamp,
    CASE WHEN x.frontier_snapshot IS NOT NULL THEN pg_catalog.jsonb_build_object('snapshot', x.frontier_snapshot::text,
        'epoch', x.frontier_epoch, 'clock', x.frontier_clock, 'system_identifier', x.frontier_system::text) END AS frontier,
    x.last_refresh_at, x.consecutive_errors, x.needs_reinit, s.refresh_tier, s.diamond_consistency, s.diamond_schedule_policy, s.is_append_only,
    EXISTS (SELECT FROM pgtrickle.pgt_dependencies d WHERE d.pgt_id = s.pgt_id AND d.source_type IN ('TABLE', 'PARTITIONED')
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = d.source_relid AND i.indisprimary)) AS has_keyless_source,
    (p.explanation ->> 'topk_limit')::bigint AS topk_limit,
    s.requested_cdc_mode, s.pooler_compatibility_mode, s.fuse_mode, s.fuse_ceiling, s.fuse_sensitivity,
    x.last_error_code, pgtrickle._error_for_reader(coalesce(c.relowner, s.owner_role), x.last_error_code, x.last_error_message) AS last_error_message,
    x.last_error_at, x.total_refreshes, s.created_at, s.updated_at
FROM pgtrickle.stream_tables s
JOIN pgtrickle.stream_table_state x USING (pgt_id)
LEFT JOIN pgtrickle.plans p USING (pgt_id, plan_version)
LEFT JOIN pgtrickle.effective_schedules e USING (pgt_id)
LEFT JOIN pg_catalog.pg_class c ON c.oid = s.pgt_relid
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace;

-- How long a change may wait before its stream table is called stale: twice the interval in force and a second. NULL: no clock decides.
CREATE FUNCTION pgtrickle._patience(effective_schedule text, schedule text, tier text) RETURNS interval
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN tier = 'frozen' THEN NULL ELSE
        CASE
            WHEN coalesce(effective_schedule, schedule) ~ '^[0-9][0-9a-z]*( or |$)'
                THEN 2 * pgtrickle._duration(split_part(coalesce(effective_schedule, schedule), ' or ', 1))
                    -- What the coordinator resolved has the tier in it.
                    * CASE WHEN effective_schedule IS NOT NULL THEN 1 WHEN tier = 'warm' THEN 2 WHEN tier = 'cold' THEN 10 ELSE 1 END
            WHEN coalesce(effective_schedule, schedule) IN ('calculated', 'on upstream advance')
                THEN 2 * pgtrickle._setting('default_schedule_seconds')::numeric * interval '1 second'
        END + interval '1 second'
    END
$$;

-- Whether a committed change has been waiting for longer than that. A quiet source has none, so it never makes a stream table stale.
CREATE FUNCTION pgtrickle._is_stale(id bigint, patience interval) RETURNS bool
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT patience IS NOT NULL AND EXISTS (
        SELECT FROM pgtrickle.stream_table_state x
        JOIN pgtrickle.plans p USING (pgt_id, plan_version)
        CROSS JOIN unnest(p.capture_ids) WITH ORDINALITY AS u(capture_id, place)
        JOIN pgtrickle_changes.log l USING (capture_id)
        WHERE x.pgt_id = id AND l.logged_at < clock_timestamp() - patience
            AND l.xid >= pg_snapshot_xmin(x.frontier_snapshot) AND NOT pg_visible_in_snapshot(l.xid, x.frontier_snapshot)
            AND l.xid IS DISTINCT FROM x.frontier_own_xids[u.place])
$$;
GRANT EXECUTE ON FUNCTION pgtrickle._patience(text, text, text), pgtrickle._is_stale(bigint, interval) TO PUBLIC;

CREATE VIEW pgtrickle.stream_tables_info AS
SELECT s.*, pg_catalog.clock_timestamp() - s.last_refresh_at AS staleness,
    pgtrickle._is_stale(s.pgt_id, pgtrickle._patience(s.effective_schedule, s.schedule, s.refresh_tier)) AS stale
FROM pgtrickle.pgt_stream_tables s;

CREATE VIEW pgtrickle.pg_stat_stream_tables AS
SELECT s.pgt_id, s.pgt_schema, s.pgt_name, s.status, coalesce(s.effective_refresh_mode, s.refresh_mode) AS refresh_mode,
    pg_catalog.count(h.refresh_id) AS total_refreshes,
    pg_catalog.count(*) FILTER (WHERE h.status = 'COMPLETED') AS successful_refreshes,
    pg_catalog.count(*) FILTER (WHERE h.status = 'FAILED') AS failed_refreshes,
    pg_catalog.avg(extract(epoch FROM h.end_time - h.start_time) * 1000) FILTER (WHERE h.status = 'COMPLETED') AS avg_duration_ms,
    pg_catalog.max(extract(epoch FROM h.end_time - h.start_time) * 1000) FILTER (WHERE h.status = 'COMPLETED') AS max_duration_ms,
    coalesce(pg_catalog.sum(h.rows_inserted), 0) AS total_rows_inserted, coalesce(pg_catalog.sum(h.rows_deleted), 0) AS total_rows_deleted,
    s.last_refresh_at, s.data_timestamp, s.consecutive_errors
FROM pgtrickle.pgt_stream_tables s LEFT JOIN pgtrickle.pgt_refresh_history h USING (pgt_id)
GROUP BY s.pgt_id, s.pgt_schema, s.pgt_name, s.status, s.effective_refresh_mode, s.refresh_mode, s.last_refresh_at, s.data_timestamp,
    s.consecutive_errors;

CREATE VIEW pgtrickle.pgt_cdc_status AS
SELECT n.nspname::text AS source_schema, c.relname::text AS source_table, k.capture_id, k.kind, k.status, k.column_names AS columns,
    pg_catalog.pg_total_relation_size(k.buffer_relid) AS buffer_bytes,
    (SELECT pg_catalog.array_agg(s.pgt_schema || '.' || s.pgt_name ORDER BY s.pgt_id)
        FROM pgtrickle.capture_consumers u JOIN pgtrickle.pgt_stream_tables s USING (pgt_id) WHERE u.capture_id = k.capture_id) AS consumers
FROM pgtrickle.captures k
LEFT JOIN pg_catalog.pg_class c ON c.oid = k.source_relid
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace;

CREATE VIEW pgtrickle.pgt_change_tracking AS
SELECT k.source_relid, k.capture_id, k.buffer_relid::pg_catalog.regclass::text AS change_buffer, k.column_names AS tracked_columns,
    ARRAY(SELECT u.pgt_id FROM pgtrickle.capture_consumers u WHERE u.capture_id = k.capture_id ORDER BY 1) AS tracked_by_pgt_ids
FROM pgtrickle.captures k;

-- Every setting with the value in force.
CREATE VIEW pgtrickle.all_settings AS
SELECT d.name, pgtrickle._setting(d.name) AS value, d.default_value, s.updated_at, s.updated_by
FROM pgtrickle._setting_definitions() d LEFT JOIN pgtrickle.settings s USING (name);

CREATE VIEW pgtrickle.quick_health AS
SELECT h.*,
    CASE WHEN h.nodes_alive = 0 OR h.error_tables > 0 THEN 'CRITICAL' WHEN h.suspended_tables > 0 OR h.stale_tables > 0 THEN 'WARNING' ELSE 'OK' END AS status
FROM (
    SELECT pg_catalog.count(*) AS total_stream_tables,
        pg_catalog.count(*) FILTER (WHERE s.status = 'ERROR') AS error_tables,
        pg_catalog.count(*) FILTER (WHERE s.status = 'SUSPENDED') AS suspended_tables,
        pg_catalog.count(*) FILTER (WHERE s.stale) AS stale_tables,
        (SELECT pg_catalog.count(*) FROM pgtrickle.cluster_nodes() n WHERE n.alive) AS nodes_alive
    FROM pgtrickle.stream_tables_info s
) AS h;

GRANT SELECT ON pgtrickle.pgt_stream_tables, pgtrickle.stream_tables_info, pgtrickle.pg_stat_stream_tables, pgtrickle.pgt_cdc_status,
    pgtrickle.pgt_change_tracking, pgtrickle.all_settings, pgtrickle.quick_health TO PUBLIC;

----------------------------------------------------------------------------------------------------------------- status and history

CREATE FUNCTION pgtrickle.pgt_status() RETURNS TABLE (
        name text, status text, refresh_mode text, is_populated bool, consecutive_errors int, schedule text, data_timestamp timestamptz, staleness interval)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.pgt_schema || '.' || s.pgt_name, s.status, coalesce(s.effective_refresh_mode, s.refresh_mode), s.is_populated, s.consecutive_errors,
        s.schedule, s.data_timestamp, clock_timestamp() - s.last_refresh_at
    FROM pgtrickle.pgt_stream_tables s ORDER BY 1
$$;

CREATE FUNCTION pgtrickle.get_staleness(name text) RETURNS float8
    LANGUAGE sql STABLE AS $$
    SELECT extract(epoch FROM pg_catalog.clock_timestamp() - s.last_refresh_at)::float8
    FROM pgtrickle._get(name) g JOIN pgtrickle.pgt_stream_tables s USING (pgt_id)
$$;

-- History rows with their messages, as far as the reader may see those.
CREATE VIEW pgtrickle.refresh_log AS
SELECT h.*, pgtrickle._error_for_reader(c.relowner, h.error_code, e.error_message) AS error_message
FROM pgtrickle.pgt_refresh_history h
LEFT JOIN pgtrickle.refresh_errors e USING (refresh_id)
LEFT JOIN pgtrickle.stream_tables s USING (pgt_id)
LEFT JOIN pg_catalog.pg_class c ON c.oid = s.pgt_relid;
GRANT SELECT ON pgtrickle.refresh_log TO PUBLIC;

CREATE FUNCTION pgtrickle.get_refresh_history(name text, max_rows int DEFAULT 20) RETURNS TABLE (
        refresh_id bigint, data_timestamp timestamptz, start_time timestamptz, end_time timestamptz, action text, status text,
        rows_inserted bigint, rows_deleted bigint, duration_ms float8, error_message text)
    LANGUAGE sql STABLE AS $$
    SELECT h.refresh_id, h.data_timestamp, h.start_time, h.end_time, h.action, h.status, h.rows_inserted, h.rows_deleted,
        (extract(epoch FROM h.end_time - h.start_time) * 1000)::float8, h.error_message
    FROM pgtrickle._get(name) g JOIN pgtrickle.refresh_log h USING (pgt_id)
    ORDER BY h.refresh_id DESC LIMIT max_rows
$$;

CREATE FUNCTION pgtrickle.explain_refresh_mode(name text) RETURNS TABLE (configured_mode text, effective_mode text, downgrade_reason text)
    LANGUAGE sql STABLE AS $$
    SELECT s.refresh_mode, s.effective_refresh_mode,
        coalesce(s.downgrade_reason, CASE WHEN s.effective_refresh_mode IS NULL AND s.last_error_code = '0A000' THEN s.last_error_message END)
    FROM pgtrickle._get(name) g JOIN pgtrickle.pgt_stream_tables s USING (pgt_id)
$$;

CREATE FUNCTION pgtrickle.list_sources(name text) RETURNS TABLE (
        source_schema text, source_table text, source_type text, columns_used text[], cdc_mode text, source_relid oid)
    LANGUAGE sql STABLE AS $$
    SELECT n.nspname::text, coalesce(c.relname::text, '(dropped)'), d.source_type, d.columns_used, d.cdc_mode, d.source_relid
    FROM pgtrickle._get(name) g JOIN pgtrickle.pgt_dependencies d USING (pgt_id)
    LEFT JOIN pg_catalog.pg_class c ON c.oid = d.source_relid LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    ORDER BY d.source_type = 'VIEW' DESC, 1, 2
$$;

-- The graph as an indented text, from stream tables that read tables only to those that read others. One that reads several appears
-- under each.
CREATE FUNCTION pgtrickle.dependency_tree() RETURNS TABLE (tree_line text, node text, node_type text, depth int, status text, refresh_mode text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    WITH RECURSIVE edge AS (
        SELECT DISTINCT d.source_relid AS parent, s.pgt_relid::oid AS child FROM pgtrickle.pgt_dependencies d JOIN pgtrickle.stream_tables s USING (pgt_id)
        WHERE d.source_type <> 'VIEW'
    ),
    walk(relid, depth, path) AS (
        SELECT DISTINCT e.parent, 0, ARRAY[e.parent::regclass::text] FROM edge e
        WHERE NOT EXISTS (SELECT FROM pgtrickle.stream_tables s WHERE s.pgt_relid = e.parent)
        UNION ALL
        SELECT s.pgt_relid::oid, 0, ARRAY[s.pgt_relid::text] FROM pgtrickle.stream_tables s WHERE NOT EXISTS (SELECT FROM edge e WHERE e.child = s.pgt_relid)
        UNION ALL
        SELECT e.child, w.depth + 1, w.path || e.child::regclass::text FROM walk w JOIN edge e ON e.parent = w.relid
    )
    SELECT repeat('    ', w.depth) || w.relid::regclass::text, w.relid::regclass::text, pgtrickle._source_type(w.relid), w.depth,
        s.status, coalesce(s.effective_refresh_mode, s.refresh_mode)
    FROM walk w LEFT JOIN pgtrickle.pgt_stream_tables s ON s.pgt_relid = w.relid
    ORDER BY w.path
$$;

-- A script that creates the stream table again.
CREATE FUNCTION pgtrickle.export_definition(st_name text) RETURNS text
    LANGUAGE sql STABLE AS $$
    SELECT pg_catalog.format(E'SELECT pgtrickle.create_stream_table(\n    name => %L,\n    query => %L,\n    schedule => %L,\n    refresh_mode => %L,\n'
            '    initialize => %L,\n    diamond_consistency => %L,\n    diamond_schedule_policy => %L,\n    cdc_mode => %L,\n    append_only => %L,\n'
            '    pooler_compatibility_mode => %L);' || E'\n',
            g.display, s.defining_query, s.schedule, s.refresh_mode, s.initialize, s.diamond_consistency, s.diamond_schedule_policy,
            s.requested_cdc_mode, s.is_append_only, s.pooler_compatibility_mode)
        || CASE WHEN s.refresh_tier <> 'hot' OR s.fuse_mode <> 'off' OR s.fuse_ceiling IS NOT NULL OR s.fuse_sensitivity IS NOT NULL
            THEN pg_catalog.format(E'SELECT pgtrickle.alter_stream_table(\n    name => %L,\n    tier => %L,\n    fuse => %L,\n    fuse_ceiling => %s,\n    fuse_sensitivity => %s);\n',
                g.display, s.refresh_tier, s.fuse_mode, coalesce(s.fuse_ceiling::text, 'NULL'), coalesce(s.fuse_sensitivity::text, 'NULL'))
            ELSE '' END
    FROM pgtrickle._get(st_name) g JOIN pgtrickle.stream_tables s USING (pgt_id)
$$;

----------------------------------------------------------------------------------------------------------------------------- advice

-- Figures of completed refreshes that did something.
CREATE VIEW pgtrickle.refresh_figures AS
SELECT s.pgt_id, s.pgt_schema, s.pgt_name, s.refresh_mode, s.effective_refresh_mode, s.downgrade_reason, s.last_refresh_at, h.*,
    -- Change rows read in relation to the rows there are in the sources, as far as these were ever analysed.
    (SELECT CASE WHEN pg_catalog.sum(greatest(c.reltuples, 0)) > 0 AND h.avg_delta_rows IS NOT NULL
            THEN least(h.avg_delta_rows / pg_catalog.sum(greatest(c.reltuples, 0)), 1) END
        FROM pgtrickle.pgt_dependencies d JOIN pg_catalog.pg_class c ON c.oid = d.source_relid
        WHERE d.pgt_id = s.pgt_id AND d.source_type <> 'VIEW') AS avg_change_ratio
FROM pgtrickle.pgt_stream_tables s
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) AS total_refreshes,
        pg_catalog.count(*) FILTER (WHERE h.action = 'DIFFERENTIAL') AS diff_count,
        pg_catalog.count(*) FILTER (WHERE h.action IN ('FULL', 'REINITIALIZE')) AS full_count,
        pg_catalog.avg(extract(epoch FROM h.end_time - h.start_time) * 1000) FILTER (WHERE h.action = 'DIFFERENTIAL')::float8 AS avg_diff_ms,
        pg_catalog.avg(extract(epoch FROM h.end_time - h.start_time) * 1000) FILTER (WHERE h.action IN ('FULL', 'REINITIALIZE'))::float8 AS avg_full_ms,
        pg_catalog.avg(h.delta_rows) FILTER (WHERE h.action = 'DIFFERENTIAL')::float8 AS avg_delta_rows
    FROM pgtrickle.pgt_refresh_history h
    WHERE h.pgt_id = s.pgt_id AND h.status = 'COMPLETED'
) AS h;
GRANT SELECT ON pgtrickle.refresh_figures TO PUBLIC;

CREATE FUNCTION pgtrickle.refresh_efficiency() RETURNS TABLE (
        pgt_schema text, pgt_name text, refresh_mode text, total_refreshes bigint, diff_count bigint, full_count bigint, avg_diff_ms float8,
        avg_full_ms float8, avg_change_ratio float8, diff_speedup text, last_refresh_at timestamptz)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.pgt_schema, f.pgt_name, coalesce(f.effective_refresh_mode, f.refresh_mode), f.total_refreshes, f.diff_count, f.full_count,
        f.avg_diff_ms, f.avg_full_ms, f.avg_change_ratio,
        CASE WHEN f.avg_diff_ms > 0 AND f.avg_full_ms IS NOT NULL THEN round((f.avg_full_ms / f.avg_diff_ms)::numeric, 1) || 'x' END, f.last_refresh_at
    FROM pgtrickle.refresh_figures f ORDER BY 1, 2
$$;

-- What the measured times say, and where they are missing the share of changed rows. Below the break-even by less than a fifth: KEEP.
CREATE FUNCTION pgtrickle._advice(f pgtrickle.refresh_figures, OUT recommended text, OUT reason text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT a[1], a[2] FROM (SELECT CASE
        WHEN f.effective_refresh_mode = 'FULL' AND f.downgrade_reason IS NOT NULL
            THEN ARRAY['KEEP', format('The query can only be refreshed in full: %s', f.downgrade_reason)]
        WHEN f.diff_count > 0 AND f.full_count > 0 AND f.avg_diff_ms > f.avg_full_ms * 1.2
            THEN ARRAY['FULL', format('Differential refreshes took %s ms, full ones %s ms.', round(f.avg_diff_ms::numeric, 1), round(f.avg_full_ms::numeric, 1))]
        WHEN f.diff_count > 0 AND f.full_count > 0 AND f.avg_diff_ms * 1.2 < f.avg_full_ms
            THEN ARRAY['DIFFERENTIAL', format('Differential refreshes took %s ms, full ones %s ms.', round(f.avg_diff_ms::numeric, 1), round(f.avg_full_ms::numeric, 1))]
        WHEN f.avg_change_ratio > 0.5
            THEN ARRAY['FULL', format('%s %% of the source rows change between refreshes.', round((f.avg_change_ratio * 100)::numeric, 1))]
        WHEN f.effective_refresh_mode = 'FULL' AND f.refresh_mode = 'FULL' AND f.full_count >= 5
            THEN ARRAY['DIFFERENTIAL', 'Full refreshes read every row each time; whether differential ones are faster was never measured.']
        WHEN f.total_refreshes = 0 THEN ARRAY['KEEP', 'There was no refresh yet.']
        ELSE ARRAY['KEEP', 'Nothing measured speaks for another mode.']
    END) AS choice(a)
$$;
GRANT EXECUTE ON FUNCTION pgtrickle._advice(pgtrickle.refresh_figures) TO PUBLIC;

CREATE FUNCTION pgtrickle.recommend_refresh_mode(st_name text DEFAULT NULL) RETURNS TABLE (
        pgt_schema text, pgt_name text, current_mode text, effective_mode text, recommended_mode text, confidence text, reason text, signals jsonb)
    LANGUAGE sql STABLE AS $$
    SELECT f.pgt_schema, f.pgt_name, f.refresh_mode, f.effective_refresh_mode,
        CASE WHEN a.recommended = coalesce(f.effective_refresh_mode, f.refresh_mode) THEN 'KEEP' ELSE a.recommended END,
        CASE WHEN f.diff_count >= 20 AND f.full_count >= 3 THEN 'high' WHEN f.total_refreshes >= 10 THEN 'medium' ELSE 'low' END,
        a.reason,
        pg_catalog.jsonb_build_object('total_refreshes', f.total_refreshes, 'diff_count', f.diff_count, 'full_count', f.full_count,
            'avg_diff_ms', f.avg_diff_ms, 'avg_full_ms', f.avg_full_ms, 'avg_delta_rows', f.avg_delta_rows, 'avg_change_ratio', f.avg_change_ratio)
    FROM pgtrickle.refresh_figures f CROSS JOIN LATERAL pgtrickle._advice(f) AS a
    WHERE st_name IS NULL OR f.pgt_id = (SELECT g.pgt_id FROM pgtrickle._get(st_name) g)
    ORDER BY 1, 2
$$;

CREATE FUNCTION pgtrickle.explain_st(name text) RETURNS TABLE (property text, value text)
    LANGUAGE sql STABLE SET jit = off AS $$
    WITH target AS (SELECT s.* FROM pgtrickle._get(name) g JOIN pgtrickle.pgt_stream_tables s USING (pgt_id)),
    plan AS (
        SELECT p.* FROM target t JOIN pgtrickle.stream_table_state x USING (pgt_id) JOIN pgtrickle.plans p USING (pgt_id, plan_version)
    )
    SELECT 'name', t.pgt_schema || '.' || t.pgt_name FROM target t
    UNION ALL SELECT 'defining_query', t.defining_query FROM target t
    UNION ALL SELECT 'status', t.status FROM target t
    UNION ALL SELECT 'schedule', pg_catalog.concat(t.schedule, ' (effective: ' || t.effective_schedule || ')') FROM target t
    UNION ALL SELECT 'refresh_mode', pg_catalog.concat(t.refresh_mode, ' (effective: ' || t.effective_refresh_mode || ')') FROM target t
    UNION ALL SELECT 'downgrade_reason', t.downgrade_reason FROM target t WHERE t.downgrade_reason IS NOT NULL
    UNION ALL SELECT 'frontier', t.frontier::text FROM target t
    UNION ALL SELECT 'source', pg_catalog.format('%I.%I (%s): %s', l.source_schema, l.source_table, l.source_type, pg_catalog.array_to_string(l.columns_used, ', '))
        FROM pgtrickle.list_sources(name) l
    UNION ALL SELECT 'upstream', s.pgt_schema || '.' || s.pgt_name FROM target t CROSS JOIN LATERAL pgtrickle._upstream(t.pgt_id) u
        JOIN pgtrickle.pgt_stream_tables s ON s.pgt_id = u.pgt_id WHERE u.distance > 0
    UNION ALL SELECT 'downstream', s.pgt_schema || '.' || s.pgt_name FROM target t CROSS JOIN LATERAL pgtrickle._downstream(t.pgt_id) u
        JOIN pgtrickle.pgt_stream_tables s ON s.pgt_id = u.pgt_id
    UNION ALL SELECT e.key, CASE pg_catalog.jsonb_typeof(e.value) WHEN 'string' THEN e.value #>> '{}' ELSE e.value::text END
        FROM plan p CROSS JOIN LATERAL pg_catalog.jsonb_each(p.explanation) AS e
    UNION ALL SELECT 'full_sql', pg_catalog.array_to_string(p.full_statements, E';\n') FROM plan p
    UNION ALL SELECT pg_catalog.format('delta_sql (sources %s, %s)', pg_catalog.ltrim(v.mask::bit(64)::text, '0'), v.strategy), pg_catalog.array_to_string(v.statements, E';\n')
        FROM plan p JOIN pgtrickle.plan_variants v USING (pgt_id, plan_version)
    UNION ALL SELECT 'timings', pg_catalog.format('%s differential (%s ms), %s full (%s ms)', f.diff_count, coalesce(pg_catalog.round(f.avg_diff_ms::numeric, 1)::text, '-'),
            f.full_count, coalesce(pg_catalog.round(f.avg_full_ms::numeric, 1)::text, '-'))
        FROM target t JOIN pgtrickle.refresh_figures f USING (pgt_id)
$$;

GRANT EXECUTE ON FUNCTION pgtrickle.pgt_status(), pgtrickle.get_staleness(text), pgtrickle.get_refresh_history(text, int),
    pgtrickle.explain_refresh_mode(text), pgtrickle.list_sources(text), pgtrickle.dependency_tree(), pgtrickle.export_definition(text),
    pgtrickle.refresh_efficiency(), pgtrickle.recommend_refresh_mode(text), pgtrickle.explain_st(text) TO PUBLIC;

-------------------------------------------------------------------------------------------------------------------------- for nodes

-- Writes a failed refresh. kind says how it counts: TRANSIENT and RIGHTS leave status and counter alone, QUERY counts and suspends at the
-- limit, PERMANENT sets ERROR at once.
CREATE FUNCTION pgtrickle._record_failure(id bigint, kind text, initiator text, started timestamptz, code text, message text, detail text,
        hint text, suspend bool, node text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    refresh bigint;
BEGIN
    UPDATE pgtrickle.stream_table_state SET
        last_error_code = code, last_error_message = message, last_error_detail = detail, last_error_hint = hint, last_error_at = clock_timestamp(),
        consecutive_errors = consecutive_errors + CASE WHEN kind IN ('QUERY', 'PERMANENT') THEN 1 ELSE 0 END,
        status = CASE WHEN kind = 'PERMANENT' THEN 'ERROR' WHEN kind = 'QUERY' AND suspend THEN 'SUSPENDED' ELSE status END
    WHERE pgt_id = id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO pgtrickle.pgt_refresh_history (pgt_id, start_time, end_time, action, status, initiated_by, error_code, node_name)
    SELECT id, started, clock_timestamp(), coalesce(x.effective_refresh_mode, 'FULL'), 'FAILED', initiator, code, node
    FROM pgtrickle.stream_table_state x WHERE x.pgt_id = id RETURNING refresh_id INTO refresh;
    INSERT INTO pgtrickle.refresh_errors (refresh_id, error_message) VALUES (refresh, message);
END $$;

-- Removes what is older than anybody looks at. Returns the number of history rows removed.
CREATE FUNCTION pgtrickle._prune() RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    oldest timestamptz := clock_timestamp() - pgtrickle._setting('history_retention_days')::int * interval '1 day';
    removed bigint;
BEGIN
    DELETE FROM pgtrickle.pgt_refresh_history WHERE start_time < oldest;
    GET DIAGNOSTICS removed = ROW_COUNT;
    DELETE FROM pgtrickle.commands c WHERE c.finished_at < oldest AND c.status IN ('DONE', 'FAILED');
    -- A node that loaded the catalog longer ago than this loads it again in any case.
    DELETE FROM pgtrickle.catalog_log WHERE logged_at < clock_timestamp() - interval '2 hours';
    RETURN removed;
END $$;
