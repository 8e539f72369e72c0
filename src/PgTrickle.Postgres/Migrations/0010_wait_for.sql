-- CALL pgtrickle.wait_for: exact, by the snapshots that frontiers are made of, and through chains of stream tables.

-- Whether committed changes that a snapshot sees are not yet part of a stream table; NULL when there is no such stream table. Rows
-- of the caller's own open transaction do not count: nobody else sees them. A source without capture (a materialised view, a
-- foreign table) has no changes to look at: there a refresh that began later must have happened.
CREATE FUNCTION pgtrickle._pending(id bigint, seen pg_snapshot, since timestamptz) RETURNS bool
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    state record;
    source record;
    present bool;
BEGIN
    SELECT x.is_populated AND NOT x.needs_reinit AND x.frontier_snapshot IS NOT NULL AND p.pgt_id IS NOT NULL AS is_comparable,
        x.frontier_snapshot, x.frontier_clock, x.frontier_own_xids, p.source_relids, p.capture_ids
    INTO state
    FROM pgtrickle.stream_table_state x LEFT JOIN pgtrickle.plans p USING (pgt_id, plan_version)
    WHERE x.pgt_id = id;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF NOT state.is_comparable THEN
        RETURN true;
    END IF;
    FOR source IN
        SELECT u.place, c.buffer_relid::regclass AS buffer
        FROM ROWS FROM (unnest(state.source_relids), unnest(state.capture_ids)) WITH ORDINALITY AS u(relid, capture_id, place)
        LEFT JOIN pgtrickle.captures c USING (capture_id)
    LOOP
        IF source.buffer IS NULL THEN
            present := state.frontier_clock < since;
        ELSE
            EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE __pgt_xid >= pg_snapshot_xmin($1) AND NOT pg_visible_in_snapshot(__pgt_xid, $1)
                AND pg_visible_in_snapshot(__pgt_xid, $2) AND __pgt_xid IS DISTINCT FROM $3 AND __pgt_xid IS DISTINCT FROM pg_current_xact_id_if_assigned())',
                source.buffer) INTO present USING state.frontier_snapshot, seen, state.frontier_own_xids[source.place];
        END IF;
        IF present THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END $$;

-- One look: gone, own (made by the very transaction that waits), failed, pending or done.
CREATE FUNCTION pgtrickle._wait_state(id bigint, seen pg_snapshot, since timestamptz) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((
        SELECT CASE
            WHEN EXISTS (SELECT FROM pgtrickle.commands c
                WHERE c.pgt_id = id AND c.kind = 'create' AND c.xid = pg_current_xact_id_if_assigned()) THEN 'own'
            WHEN x.status IN ('ERROR', 'SUSPENDED') THEN 'failed'
            WHEN x.status = 'INITIALIZING' AND (SELECT c.status = 'FAILED' FROM pgtrickle.commands c
                WHERE c.pgt_id = id AND c.kind IN ('create', 'alter', 'resume') ORDER BY c.command_id DESC LIMIT 1) THEN 'failed'
            WHEN pgtrickle._pending(id, seen, since) THEN 'pending'
            ELSE 'done'
        END
        FROM pgtrickle.stream_table_state x WHERE x.pgt_id = id), 'gone')
$$;

-- The error that a stream table is left with: its own, or that of the command that was to make it work. Messages as the reader may see them.
CREATE VIEW pgtrickle.stream_table_errors AS
SELECT x.pgt_id, x.status, coalesce(x.last_error_code, f.error_code) AS code,
    pgtrickle._error_for_reader(c.relowner, coalesce(x.last_error_code, f.error_code), coalesce(x.last_error_message, f.error_message)) AS message,
    CASE WHEN pg_catalog.pg_has_role(c.relowner, 'USAGE') THEN coalesce(x.last_error_detail, f.error_detail) END AS detail,
    coalesce(x.last_error_hint, f.error_hint) AS hint
FROM pgtrickle.stream_table_state x
JOIN pgtrickle.stream_tables s USING (pgt_id)
LEFT JOIN pg_catalog.pg_class c ON c.oid = s.pgt_relid
LEFT JOIN LATERAL (
    SELECT d.error_code, d.error_message, d.error_detail, d.error_hint FROM pgtrickle.commands d
    WHERE d.pgt_id = x.pgt_id AND d.status = 'FAILED' AND d.kind IN ('create', 'alter', 'resume')
    ORDER BY d.command_id DESC LIMIT 1) AS f ON x.last_error_code IS NULL AND x.status <> 'ACTIVE';
GRANT SELECT ON pgtrickle.stream_table_errors TO PUBLIC;

CREATE FUNCTION pgtrickle._raise_recorded(id bigint) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    error record;
    display text := (SELECT format('%I.%I', n.nspname, c.relname) FROM pgtrickle.stream_tables s
        JOIN pg_class c ON c.oid = s.pgt_relid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE s.pgt_id = id);
BEGIN
    SELECT * INTO error FROM pgtrickle.stream_table_errors e WHERE e.pgt_id = id;
    RAISE EXCEPTION USING ERRCODE = coalesce(error.code, '55000'),
        MESSAGE = coalesce(error.message, format('stream table %s is %s', display, lower(error.status))),
        DETAIL = concat_ws(E'\n', error.detail, format('Stream table %s has status %s.', display, error.status)),
        HINT = coalesce(error.hint, CASE error.status
            WHEN 'SUSPENDED' THEN 'Call pgtrickle.resume_stream_table when the cause is mended.'
            ELSE 'Mend the cause, then call pgtrickle.alter_stream_table(name, status => ''ACTIVE'').' END);
END $$;

GRANT EXECUTE ON FUNCTION pgtrickle._wait_state(bigint, pg_snapshot, timestamptz), pgtrickle._raise_recorded(bigint) TO PUBLIC;

-- Returns when a stream table reflects everything that was committed before the call. Level by level, from those that read tables
-- only down to the one asked for: a level is done when nothing that a snapshot sees is ahead of a frontier, and the snapshot for the
-- level below is taken after that, so it sees what those wrote.
CREATE PROCEDURE pgtrickle.wait_for(name text, timeout interval DEFAULT interval '1 minute')
    LANGUAGE plpgsql AS $$
DECLARE
    target record;
    deadline timestamptz := pg_catalog.clock_timestamp() + timeout;
    ids bigint[];
    distances int[];
    seen pg_snapshot;
    since timestamptz;
    state text;
    pause float8;
BEGIN
    IF timeout IS NULL OR timeout < interval '0' THEN
        PERFORM pgtrickle._refuse('timeout must not be negative or null', pg_catalog.format('It is %s.', coalesce(timeout::text, 'NULL')),
            'Give an interval such as ''30 seconds''.');
    END IF;
    IF pg_catalog.current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        PERFORM pgtrickle._refuse('wait_for cannot be called in this transaction',
            'A REPEATABLE READ or SERIALIZABLE transaction never sees what happens after its first statement.', 'Call it before the transaction begins.', '25001');
    END IF;
    SELECT * INTO target FROM pgtrickle._get(name);
    SELECT pg_catalog.array_agg(u.pgt_id ORDER BY u.distance DESC, u.pgt_id), pg_catalog.array_agg(u.distance ORDER BY u.distance DESC, u.pgt_id)
    INTO ids, distances FROM pgtrickle._upstream(target.pgt_id) u;
    FOR i IN 1 .. pg_catalog.cardinality(ids) LOOP
        IF i = 1 OR distances[i] <> distances[i - 1] THEN
            seen := pg_catalog.pg_current_snapshot();
            since := pg_catalog.clock_timestamp();
        END IF;
        pause := 0.001;
        LOOP
            state := pgtrickle._wait_state(ids[i], seen, since);
            EXIT WHEN state = 'done' OR (state = 'gone' AND ids[i] <> target.pgt_id);
            IF state = 'failed' THEN
                PERFORM pgtrickle._raise_recorded(ids[i]);
            ELSIF state = 'gone' THEN
                PERFORM pgtrickle._refuse(pg_catalog.format('stream table %s does not exist', target.display), 'It was dropped meanwhile.', 'Create it again.', '42P01');
            ELSIF state = 'own' THEN
                PERFORM pgtrickle._refuse(pg_catalog.format('stream table %s was created in this transaction', target.display),
                    'It is filled after the transaction has committed.', 'Commit first, then wait.', '55000');
            ELSIF pg_catalog.clock_timestamp() >= deadline THEN
                PERFORM pgtrickle._refuse(pg_catalog.format('timed out waiting for stream table %s', target.display),
                    (SELECT pg_catalog.format('After %s, %s still has changes to apply; its status is %s, its tier %s.', timeout,
                            s.pgt_relid::pg_catalog.regclass, x.status, s.refresh_tier)
                        FROM pgtrickle.stream_tables s JOIN pgtrickle.stream_table_state x USING (pgt_id) WHERE s.pgt_id = ids[i]),
                    'Is a node running (pgtrickle.cluster_nodes())? A slow schedule or tier needs a longer timeout, or pgtrickle.refresh_stream_table.', '57014');
            END IF;
            PERFORM pg_catalog.pg_sleep(pause);
            pause := least(pause * 1.5, 0.1);
        END LOOP;
    END LOOP;
END $$;
GRANT EXECUTE ON PROCEDURE pgtrickle.wait_for(text, interval) TO PUBLIC;
