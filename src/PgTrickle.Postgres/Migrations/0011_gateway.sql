-- What gateways need to make calls synchronous: to end a command that its caller no longer wants, and to take back a creation that failed.

-- Ends a command unless it is finished. The epoch moves on, so that a node that works on it cannot finish it any more.
CREATE FUNCTION pgtrickle._abort_command(id bigint, code text, message text) RETURNS bool
    LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    WITH aborted AS (
        UPDATE pgtrickle.commands SET status = 'FAILED', claim_epoch = claim_epoch + 1, finished_at = clock_timestamp(),
            error_code = code, error_message = message
        WHERE command_id = id AND status IN ('PENDING', 'CLAIMED') RETURNING 1
    )
    SELECT EXISTS (SELECT FROM aborted)
$$;
COMMENT ON FUNCTION pgtrickle._abort_command(bigint, text, text) IS 'For gateways: ends a command whose caller cancelled it or timed out.';

-- Cancels refreshes that a session waits for. Only nodes log in as pgtrickle_worker, so nobody else's work is touched.
CREATE FUNCTION pgtrickle._cancel_blockers(waiting int) RETURNS bigint
    LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT count(pg_cancel_backend(blocker.pid))
    FROM unnest(pg_blocking_pids(waiting)) AS blocker(pid)
    JOIN pg_stat_activity activity ON activity.pid = blocker.pid AND activity.usename = 'pgtrickle_worker'
$$;
COMMENT ON FUNCTION pgtrickle._cancel_blockers(int) IS 'For gateways: lets a creation that is taken back not wait for its own fill.';

-- Removes the stream table of a creation that failed. Called in the creator's own session, with its rights: row security shows it only its own commands.
CREATE FUNCTION pgtrickle._take_back(id bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = on AS $$
DECLARE
    target record;
BEGIN
    SELECT c.pgt_id, s.pgt_relid::regclass::text AS display INTO target
    FROM pgtrickle.commands c JOIN pgtrickle.stream_tables s USING (pgt_id)
    WHERE c.command_id = id AND c.kind = 'create' AND c.status = 'FAILED';
    IF FOUND THEN
        PERFORM pgtrickle._drop(target.pgt_id, target.display, false);
    END IF;
END $$;
COMMENT ON FUNCTION pgtrickle._take_back(bigint) IS 'For gateways: leaves nothing behind of a creation that failed.';
GRANT EXECUTE ON FUNCTION pgtrickle._take_back(bigint) TO PUBLIC;

-- Where a node's gateway takes connections, host:port; a cancel request that reaches another gateway than its session is passed on.
ALTER TABLE pgtrickle.cluster_members ADD COLUMN gateway text;

CREATE FUNCTION pgtrickle.gateways() RETURNS TABLE (node_name text, address text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.node_name, m.gateway FROM pgtrickle.cluster_members m
    WHERE m.gateway IS NOT NULL AND m.state = 'joined' AND pgtrickle._node_is_alive(m.heartbeat_at)
    ORDER BY m.node_id
$$;
COMMENT ON FUNCTION pgtrickle.gateways() IS 'Where clients connect for calls that return when they are carried out, host:port.';
GRANT EXECUTE ON FUNCTION pgtrickle.gateways() TO PUBLIC;
