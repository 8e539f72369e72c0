-- The refresh as the database sees it: open (lock, rights, probe), plan (hand out the statements), close (guards, frontier, history).
--
-- A refresh is one REPEATABLE READ transaction of role pgtrickle_worker. Between open and close the owner's function runs users' code, which may
-- do anything its owner may and everything that role can; so what open and close decide on stands in tables of pgtrickle alone, and both want the
-- node's token, which user code never sees. SQLSTATEs of our own tell the node what to do before it tries again:
--   PT001 a variant of the plan is not stored, PT002 the plan does not fit the tables any more, PT003 the stream table has no contents yet,
--   PT004 a stream table that it reads has none.

CREATE FUNCTION pgtrickle._refuse_node() RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'not a member of the cluster' USING ERRCODE = '28000';
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
        SELECT FROM pg_class c JOIN pg_proc p ON p.oid = pgtrickle._run_function(d.run_name)
        WHERE c.oid = d.pgt_relid AND p.prosecdef AND p.proowner = c.relowner)
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
    SELECT string_agg(f.relid::regclass::text, ', ') INTO lacking
        FROM pg_class t CROSS JOIN LATERAL pgtrickle._filtered(
            ARRAY(SELECT s.source_relid FROM pgtrickle.pgt_dependencies s WHERE s.pgt_id = p_pgt_id AND s.source_type = 'VIEW'), t.relowner) AS f
        WHERE t.oid = d.pgt_relid;
    IF lacking IS NOT NULL THEN
        RAISE EXCEPTION 'row-level security applies to the owner of stream table %.%, or of a view that it reads: %', d.pgt_schema, d.pgt_name, lacking
            USING ERRCODE = '42501', DETAIL = p_pgt_id::text;
    END IF;
END $$;

-- First statement of a refresh. Checks node, rights and status, and looks for work without writing; only when a member has some are the rows locked,
-- in order of id. Returns whether they are. 55P03: another refresh holds a row; 40001: it has just finished with one.
-- p_strategy: AUTO, or of FULL, SPLIT, FILL, FRESH those that apply, joined by a space; SETUP or ANALYSE alone prepare a refresh. With JUDGE the query of the last member is
-- evaluated over what those before it write, and nothing is kept: such a transaction is not closed, but rolled back.
CREATE FUNCTION pgtrickle.refresh_open(p_ids bigint[], p_node bigint, p_token bytea, p_strategy text) RETURNS bool
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    id bigint;
    probe pgtrickle.probe;
    is_refresh bool := p_strategy NOT IN ('SETUP', 'ANALYSE');
    -- In a group the members before decide what there is to do: each is probed, and checked, when its turn comes.
    is_probed bool := is_refresh AND p_strategy NOT LIKE '%JUDGE%';
    has_work bool := NOT is_probed;
    opened int;
BEGIN
    IF NOT EXISTS (SELECT FROM pgtrickle.cluster_members m WHERE m.node_id = p_node AND m.token_hash = sha256(p_token)) THEN
        PERFORM pgtrickle._refuse_node();
    END IF;
    IF is_refresh AND (current_setting('transaction_isolation') <> 'repeatable read' OR pg_current_xact_id_if_assigned() IS NOT NULL) THEN
        RAISE EXCEPTION 'a refresh has to open a REPEATABLE READ transaction' USING ERRCODE = '25001';
    END IF;
    FOREACH id IN ARRAY p_ids LOOP
        IF NOT is_probed THEN
            PERFORM pgtrickle._check_refreshable(id);
        ELSIF NOT has_work THEN
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
    WITH locked AS (SELECT t.ctid FROM pgtrickle.stream_table_state t WHERE t.pgt_id = ANY (p_ids) ORDER BY t.pgt_id FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE pgtrickle.stream_table_state s
        SET opened_xid = pg_current_xact_id(), plan_taken = false,
            opened_for = CASE WHEN p_strategy NOT LIKE '%JUDGE%' THEN p_strategy WHEN s.pgt_id = p_ids[cardinality(p_ids)] THEN 'JUDGE' ELSE replace(p_strategy, 'JUDGE', 'FULL') END,
            opened_probe = CASE WHEN cardinality(p_ids) = 1 AND is_probed THEN probe END
        FROM locked l WHERE s.ctid = l.ctid;
    GET DIAGNOSTICS opened = ROW_COUNT;
    IF opened < cardinality(p_ids) THEN
        SELECT i INTO id FROM unnest(p_ids) AS i WHERE NOT EXISTS (
            SELECT FROM pgtrickle.stream_table_state s WHERE s.pgt_id = i AND s.opened_xid = pg_current_xact_id()) ORDER BY i LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'stream table % is being refreshed elsewhere', id USING ERRCODE = '55P03', DETAIL = id::text;
        END IF;
    END IF;
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

-- Tells the owner's function what to run, once in the transaction that opened; nothing in any other, or when there is nothing to do. The function says
-- which variants of which version of the plan stand in its text.
CREATE FUNCTION pgtrickle.refresh_plan(p_pgt_id bigint, p_version bigint, p_masks bigint[]) RETURNS pgtrickle.step
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Up to so many change rows, planning costs as much as running. Above, a plan fits only if the planner has seen the buffer as it is now.
    kept_up_to constant bigint := 256;
    s record;
    plan pgtrickle.plans;
    probe pgtrickle.probe;
    step pgtrickle.step;
    wanted_strategy text;
BEGIN
    step.statements := '{}';
    UPDATE pgtrickle.stream_table_state t SET plan_taken = true
        WHERE t.pgt_id = p_pgt_id AND t.opened_xid = pg_current_xact_id_if_assigned() AND NOT t.plan_taken
        RETURNING t.opened_for, t.opened_probe, t.plan_version, t.shape, t.node_relids, t.node_stamp, t.frontier_snapshot, t.frontier_own_xids, t.frontier_clock INTO s;
    IF NOT FOUND THEN
        IF EXISTS (SELECT FROM pgtrickle.stream_table_state t WHERE t.pgt_id = p_pgt_id AND t.opened_xid = pg_current_xact_id_if_assigned()) THEN
            RAISE EXCEPTION 'the plan of stream table % was taken already', p_pgt_id USING ERRCODE = '55000', DETAIL = p_pgt_id::text;
        END IF;
        RETURN step;
    END IF;
    IF s.opened_for IN ('SETUP', 'ANALYSE', 'JUDGE') THEN
        step.statements := CASE s.opened_for WHEN 'SETUP' THEN ARRAY(SELECT pgtrickle._setup_statements(p_pgt_id))
            WHEN 'ANALYSE' THEN pgtrickle._analyse_statements(p_pgt_id) ELSE pgtrickle._judge_statements(p_pgt_id) END;
        RETURN step;
    END IF;
    probe := s.opened_probe;
    IF probe IS NULL OR probe.action IS NULL THEN
        probe := pgtrickle._probe(p_pgt_id, s.opened_for);
        UPDATE pgtrickle.stream_table_state t SET opened_probe = probe WHERE t.pgt_id = p_pgt_id;
    END IF;
    step.snap := s.frontier_snapshot;
    step.own := s.frontier_own_xids;
    step.clock := s.frontier_clock;
    wanted_strategy := CASE WHEN s.opened_for LIKE '%SPLIT%' THEN 'SPLIT' ELSE 'MERGE' END;
    IF probe.action = 'NO_DATA' THEN
        RETURN step;
    ELSIF probe.action = 'DIFFERENTIAL' AND probe.mask = ANY (p_masks) AND p_version = s.plan_version AND probe.delta_rows <= kept_up_to
        AND wanted_strategy = 'MERGE' AND s.opened_for NOT LIKE '%FRESH%' THEN
        step.variant := probe.mask;
        RETURN step;
    END IF;
    SELECT * INTO plan FROM pgtrickle.plans t WHERE t.pgt_id = p_pgt_id AND t.plan_version = s.plan_version;
    IF probe.action = 'FILL' THEN
        step.statements := pgtrickle._fresh_statements(p_pgt_id, plan.setup_statements, plan.fill_statements);
    ELSIF probe.action = 'REINITIALIZE'
        AND (s.shape IS DISTINCT FROM array_to_string(plan.setup_statements, ';') OR NOT pgtrickle._has_nodes(p_pgt_id, s.node_relids, s.node_stamp)) THEN
        step.statements := pgtrickle._reshape_statements(p_pgt_id) || pgtrickle._fresh_statements(p_pgt_id, plan.setup_statements, plan.fill_statements);
    ELSIF probe.action <> 'DIFFERENTIAL' AND wanted_strategy = 'MERGE' THEN
        step.statements := plan.full_statements;
    ELSE
        IF probe.action <> 'DIFFERENTIAL' THEN
            probe.mask := -1;
        END IF;
        SELECT v.statements INTO step.statements FROM pgtrickle.plan_variants v
            WHERE v.pgt_id = p_pgt_id AND v.plan_version = s.plan_version AND v.mask = probe.mask AND v.strategy = wanted_strategy;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'variant % of the plan of stream table % is not stored', probe.mask, p_pgt_id
                USING ERRCODE = 'PT001', DETAIL = concat_ws(' ', p_pgt_id, s.plan_version, probe.mask, wanted_strategy);
        END IF;
    END IF;
    -- First, before any code of users runs that could change the settings which the function takes over. After what made a reinitialisation necessary no plan
    -- may be used that was made before: it may hold what a function returned that has another body now. A function made anew has none.
    step.statements := pgtrickle._keep_statements(p_pgt_id, CASE WHEN probe.action <> 'REINITIALIZE' THEN p_version END, p_masks) || step.statements;
    RETURN step;
END $$;

-- The statement by which the owner's function takes the stored variants of the present plan into its own text, if they are others than those that it has.
-- Not variants that compare with the clock: a plan that does not know the time cannot tell few rows from many. Texts beyond a size stay statements that are
-- planned each time.
CREATE FUNCTION pgtrickle._keep_statements(p_pgt_id bigint, p_version bigint, p_masks bigint[]) RETURNS text[]
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    limit_bytes constant int := 262144;
    version bigint := (SELECT s.plan_version FROM pgtrickle.stream_table_state s WHERE s.pgt_id = p_pgt_id);
    masks bigint[];
    branches text;
BEGIN
    SELECT coalesce(array_agg(v.mask ORDER BY v.mask), '{}'),
            coalesce(string_agg(format(E'ELSIF __pgt_step.variant = %s THEN\n%s;\n', v.mask, v.statement), '' ORDER BY v.mask), '')
        INTO masks, branches
        FROM (
            SELECT v.mask, t.statement, sum(octet_length(t.statement)) OVER (ORDER BY octet_length(t.statement), v.mask) AS bytes
            FROM pgtrickle.plan_variants v CROSS JOIN LATERAL array_to_string(v.statements, E';\n') AS t(statement) JOIN pgtrickle.plans p USING (pgt_id, plan_version)
            WHERE v.pgt_id = p_pgt_id AND v.plan_version = version
                AND v.strategy = 'MERGE' AND v.mask > 0 AND v.mask & p.clock_bit = 0 AND v.statements <> '{}') AS v
        WHERE v.bytes <= limit_bytes;
    IF masks = coalesce(p_masks, '{}') AND (masks = '{}' OR p_version = version) THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY(
        SELECT pgtrickle._run_function_text(format('pgtrickle_run.%I', d.run_name), d.pgt_id, version, masks, branches)
        FROM pgtrickle.stream_tables d WHERE d.pgt_id = p_pgt_id);
END $$;

-- What MVCC does not cover: TRUNCATE, rewrites, ATTACH and DETACH change what an old snapshot reads. Compares file nodes and partitions as they
-- are now with this transaction's snapshot. The refresh still holds its locks on all it has read, so what is found equal stays equal until COMMIT.
-- p_is_plain: none of them has partitions or children on this snapshot.
CREATE FUNCTION pgtrickle._check_storage(p_relids oid[], p_capture_ids int[], p_is_plain bool) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    source oid;
    tree oid[];
    read oid[] := p_relids;
    changed regclass;
BEGIN
    IF NOT p_is_plain THEN
        FOREACH source IN ARRAY p_relids LOOP
            tree := pgtrickle._tree(source);
            read := read || tree;
            IF (SELECT c.relkind FROM pg_class c WHERE c.oid = source) = 'p'
                AND tree <> ARRAY(SELECT p.relid::oid FROM pg_partition_tree(source) p ORDER BY p.relid::oid) THEN
                RAISE EXCEPTION 'partitions of % changed during the refresh', source::regclass USING ERRCODE = '40001';
            END IF;
        END LOOP;
    END IF;
    SELECT c.oid::regclass INTO changed FROM pg_class c
        WHERE c.oid = ANY (read || ARRAY(SELECT k.buffer_relid FROM pgtrickle.captures k WHERE k.capture_id = ANY (p_capture_ids)))
            AND c.relfilenode <> 0 AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'table % was truncated or rewritten during the refresh', changed USING ERRCODE = '40001';
    END IF;
END $$;

-- Last statement of a refresh: guards, frontier, counters, history; a row for each member, in the order given.
CREATE FUNCTION pgtrickle.refresh_close(p_ids bigint[], p_node bigint, p_token bytea, p_initiator text)
    RETURNS TABLE (pgt_id bigint, action text, rows_inserted bigint, rows_deleted bigint, delta_rows bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    id bigint;
    s record;
    counts text;
BEGIN
    FOREACH id IN ARRAY p_ids LOOP
        SELECT m.node_name, t.opened_for, t.plan_taken, t.opened_probe, t.plan_version, t.frontier_epoch, t.node_relids, p.source_relids, p.capture_ids INTO s
            FROM pgtrickle.cluster_members m
            LEFT JOIN pgtrickle.stream_table_state t ON t.pgt_id = id AND t.opened_xid = pg_current_xact_id_if_assigned()
            LEFT JOIN pgtrickle.plans p ON p.pgt_id = t.pgt_id AND p.plan_version = t.plan_version
            WHERE m.node_id = p_node AND m.token_hash = sha256(p_token);
        IF NOT FOUND THEN
            PERFORM pgtrickle._refuse_node();
        ELSIF NOT s.plan_taken THEN
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
            IF translate(counts, '0123456789', '') = ',' THEN
                refresh_close.rows_inserted := coalesce(nullif(left(split_part(counts, ',', 1), 18), '')::bigint, 0);
                refresh_close.rows_deleted := coalesce(nullif(left(split_part(counts, ',', 2), 18), '')::bigint, 0);
            END IF;
            refresh_close.delta_rows := coalesce((s.opened_probe).delta_rows, 0);
            PERFORM pgtrickle._close_member(id, s.opened_probe, s.plan_version, s.frontier_epoch, s.source_relids, s.node_relids, s.capture_ids,
                refresh_close.rows_inserted, refresh_close.rows_deleted, s.node_name, p_initiator);
            refresh_close.action := CASE refresh_close.action WHEN 'FILL' THEN 'FULL' ELSE refresh_close.action END;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;

CREATE FUNCTION pgtrickle._close_member(p_pgt_id bigint, probe pgtrickle.probe, p_plan_version bigint, p_epoch bigint, p_relids oid[], p_nodes oid[], p_captures int[],
    p_inserted bigint, p_deleted bigint, p_node_name text, p_initiator text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    is_fill bool := probe.action = 'FILL';
    capture int;
    entry bigint;
BEGIN
    -- There is a stamp only where all sources are plain tables; of its nodes it tells nothing of the kind.
    PERFORM pgtrickle._check_storage(p_relids || p_nodes, p_captures, probe.stamp IS NOT NULL AND p_nodes = '{}');
    IF probe.reason = 'the frontier is of another past' THEN
        FOR capture IN SELECT DISTINCT c FROM unnest(p_captures) AS c WHERE c IS NOT NULL LOOP
            EXECUTE format('DELETE FROM pgtrickle_changes.%I WHERE __pgt_xid >= pg_snapshot_xmax(pg_current_snapshot()) AND __pgt_xid <> pg_current_xact_id()', 'b_' || capture);
        END LOOP;
    END IF;
    UPDATE pgtrickle.stream_table_state t SET
        status = CASE WHEN t.status IN ('INITIALIZING', 'ERROR') THEN 'ACTIVE' ELSE t.status END,
        is_populated = true,
        needs_reinit = false,
        frontier_epoch = t.frontier_epoch + 1,
        frontier_snapshot = pg_current_snapshot(),
        frontier_system = probe.system,
        frontier_clock = transaction_timestamp(),
        frontier_own_xids = CASE WHEN 0 < ANY (probe.own_rows)
            THEN ARRAY(SELECT CASE WHEN n > 0 THEN pg_current_xact_id() END FROM unnest(probe.own_rows) WITH ORDINALITY AS o(n, place) ORDER BY place)
            ELSE array_fill(NULL::xid8, ARRAY[coalesce(cardinality(probe.own_rows), 0)]) END,
        frontier_own_rows = probe.own_rows,
        frontier_captures = probe.captures,
        verified_stamp = probe.stamp,
        opened_probe = NULL,
        last_refresh_at = clock_timestamp(),
        last_refresh_ms = extract(epoch FROM clock_timestamp() - probe.started_at) * 1000,
        data_timestamp = CASE WHEN is_fill OR p_inserted + p_deleted > 0 THEN transaction_timestamp() ELSE t.data_timestamp END,
        consecutive_errors = 0,
        last_error_code = NULL, last_error_message = NULL, last_error_detail = NULL, last_error_hint = NULL, last_error_at = NULL,
        total_refreshes = t.total_refreshes + 1
    WHERE t.pgt_id = p_pgt_id AND t.opened_xid = pg_current_xact_id() AND t.frontier_epoch = p_epoch;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the frontier of stream table % was moved by somebody else', p_pgt_id USING ERRCODE = '40001', DETAIL = p_pgt_id::text;
    END IF;
    IF is_fill OR probe.action = 'REINITIALIZE' THEN
        PERFORM pgtrickle._note_shape(p_pgt_id, p_plan_version);
    END IF;
    INSERT INTO pgtrickle.pgt_refresh_history (pgt_id, data_timestamp, start_time, end_time, action, status, initiated_by,
            rows_inserted, rows_deleted, delta_rows, was_full_fallback, fallback_reason, node_name)
        VALUES (p_pgt_id, transaction_timestamp(), probe.started_at, clock_timestamp(), CASE WHEN is_fill THEN 'FULL' ELSE probe.action END, 'COMPLETED',
            p_initiator, p_inserted, p_deleted, CASE WHEN is_fill THEN 0 ELSE probe.delta_rows END, probe.is_fallback, probe.reason, p_node_name)
        RETURNING refresh_id INTO entry;
    IF probe.action <> 'DIFFERENTIAL' THEN
        UPDATE pgtrickle.stream_table_state t SET last_full_refresh = entry WHERE t.pgt_id = p_pgt_id;
    END IF;
END $$;

-- Notes the setup statements that gave a stream table its shape, the indexes that this transaction has made for it, and the tables of its plan.
CREATE FUNCTION pgtrickle._note_shape(p_pgt_id bigint, p_plan_version bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE pgtrickle.stream_table_state t SET
        shape = (SELECT array_to_string(p.setup_statements, ';') FROM pgtrickle.plans p WHERE p.pgt_id = p_pgt_id AND p.plan_version = p_plan_version),
        shape_indexes = coalesce((
            SELECT array_agg(i.indexrelid) FROM pg_index i JOIN pgtrickle.stream_tables d ON i.indrelid = d.pgt_relid
            WHERE d.pgt_id = p_pgt_id AND i.xmin = pg_current_xact_id()::xid), t.shape_indexes),
        node_relids = n.relids,
        node_stamp = n.stamp
    FROM (
        SELECT r.relids, pgtrickle._node_stamp(r.relids, r.relowner) AS stamp
        FROM (
            SELECT c.relowner, ARRAY(SELECT m.relid FROM pgtrickle._node_names(d.run_name) AS m WHERE m.relowner = c.relowner ORDER BY m.relid) AS relids
            FROM pgtrickle.stream_tables d JOIN pg_class c ON c.oid = d.pgt_relid WHERE d.pgt_id = p_pgt_id
            -- Looked up once, though it is used twice.
            OFFSET 0) AS r) AS n
    WHERE t.pgt_id = p_pgt_id;
END $$;

-- Takes back whatever users' code may have left in the session: cursors WITH HOLD, channels, advisory locks, temporary objects, prepared statements, settings. One
-- call instead of six statements, each of which would be a transaction. Plans of functions stay. No SET clause, which would bring back at its end what stood
-- before; every name is qualified.
CREATE FUNCTION pgtrickle.clean_session() RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'CLOSE ALL';
    UNLISTEN *;
    PERFORM pg_catalog.pg_advisory_unlock_all();
    DISCARD TEMP;
    DEALLOCATE ALL;
    RESET ALL;
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

GRANT EXECUTE ON FUNCTION pgtrickle.refresh_plan(bigint, bigint, bigint[]) TO PUBLIC;
GRANT EXECUTE ON FUNCTION pgtrickle.refresh_open(bigint[], bigint, bytea, text) TO pgtrickle_worker;
GRANT EXECUTE ON FUNCTION pgtrickle.refresh_close(bigint[], bigint, bytea, text) TO pgtrickle_worker;
GRANT EXECUTE ON FUNCTION pgtrickle.clean_session() TO pgtrickle_worker;
