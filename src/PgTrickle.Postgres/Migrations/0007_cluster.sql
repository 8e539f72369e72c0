-- Nodes and leases: what the cluster keeps in the database that it serves. Nodes come with the role pgtrickle and write these
-- tables themselves; users see nodes through cluster_nodes().

CREATE INDEX ON pgtrickle.cluster_members (system_name, state);

REVOKE ALL ON pgtrickle.cluster_members, pgtrickle.leases, pgtrickle.journal, pgtrickle.journal_tags, pgtrickle.snapshots FROM PUBLIC;

-- A node whose heartbeat is older than this has gone without saying so. Nodes beat every second.
CREATE FUNCTION pgtrickle._node_is_alive(heartbeat timestamptz) RETURNS bool
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN heartbeat OPERATOR(pg_catalog.>) (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) '10 seconds'::interval);
REVOKE ALL ON FUNCTION pgtrickle._node_is_alive(timestamptz) FROM PUBLIC;

-- Without token_hash: nobody but the role pgtrickle has use for it.
CREATE FUNCTION pgtrickle.cluster_nodes()
    RETURNS TABLE (
        node_id bigint, node_name text, address text, roles text[], state text, alive bool,
        active_workers int, max_workers int, entities int, started_at timestamptz, heartbeat_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.node_id, m.node_name, m.address, m.roles, m.state, pgtrickle._node_is_alive(m.heartbeat_at),
           m.active_workers, m.max_workers, m.entities, m.started_at, m.heartbeat_at
    FROM pgtrickle.cluster_members m
    ORDER BY m.node_id
$$;
COMMENT ON FUNCTION pgtrickle.cluster_nodes() IS 'The node processes that keep stream tables fresh, and how busy they are.';

CREATE FUNCTION pgtrickle.worker_pool_status(OUT active_workers int, OUT max_workers int)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(pg_catalog.sum(m.active_workers), 0)::int, coalesce(pg_catalog.sum(m.max_workers), 0)::int
    FROM pgtrickle.cluster_members m
    WHERE m.state = 'joined' AND pgtrickle._node_is_alive(m.heartbeat_at)
$$;
COMMENT ON FUNCTION pgtrickle.worker_pool_status() IS 'Refreshes that run now, and how many can, over all nodes.';

GRANT EXECUTE ON FUNCTION pgtrickle.cluster_nodes(), pgtrickle.worker_pool_status() TO PUBLIC;

-- A snapshot that a node keeps while it waits, with the server that it is of. Of another one it means nothing: a standby that was promoted may have lost the last
-- transactions, and gives their xids to others.
CREATE FUNCTION pgtrickle._snapshot_here() RETURNS text
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN concat_ws('@', pg_current_snapshot(), extract(epoch FROM pg_postmaster_start_time()));
END $$;

-- That snapshot; NULL if it is of another server, or of the time before this one was started.
CREATE FUNCTION pgtrickle._snapshot_of(p_kept text) RETURNS pg_snapshot
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN split_part(p_kept, '@', 2) = extract(epoch FROM pg_postmaster_start_time())::text THEN split_part(p_kept, '@', 1)::pg_snapshot END;
END $$;
