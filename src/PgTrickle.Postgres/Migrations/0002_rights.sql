-- Who may do what. Callers get at the catalog by reading it and by inserting into pgtrickle.commands; nothing else.

-- Intents carry the caller's role by default values. A caller sees and makes only its own. The functions that make them set row_security = on: with it off,
-- as pg_dump's scripts have it, PostgreSQL would refuse to insert.
ALTER TABLE pgtrickle.commands ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_commands ON pgtrickle.commands USING (role = CURRENT_USER) WITH CHECK (role = CURRENT_USER);
GRANT INSERT (kind, args) ON pgtrickle.commands TO PUBLIC;
GRANT SELECT ON pgtrickle.commands TO PUBLIC;

-- Definitions, plans and histories are public as definitions of views are. Error messages are not: they can quote values of the
-- sources, so they are shown through pgtrickle._error_for_reader only.
GRANT SELECT ON pgtrickle.schema_migrations, pgtrickle.settings, pgtrickle.stream_tables, pgtrickle.pgt_dependencies, pgtrickle.captures,
    pgtrickle.capture_consumers, pgtrickle.plans, pgtrickle.plan_variants, pgtrickle.pgt_refresh_history, pgtrickle.effective_schedules TO PUBLIC;
GRANT SELECT (pgt_id, status, is_populated, needs_reinit, effective_refresh_mode, downgrade_reason,
    frontier_epoch, frontier_snapshot, frontier_system, frontier_clock, frontier_own_xids, plan_version, last_refresh_at, data_timestamp,
    consecutive_errors, last_error_code, last_error_at, total_refreshes) ON pgtrickle.stream_table_state TO PUBLIC;

-- Whether a role has the rights of an owner, as PostgreSQL's own ownership checks understand it.
CREATE FUNCTION pgtrickle._owns(role name, owner oid) RETURNS bool
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT pg_has_role(role, owner, 'USAGE')
$$;

CREATE FUNCTION pgtrickle._require_owner(role name, owner oid, stream_table text) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT pgtrickle._owns(role, owner) THEN
        RAISE EXCEPTION USING ERRCODE = '42501',
            MESSAGE = format('must be owner of stream table %s', stream_table),
            DETAIL = format('Its owner is role %I; the call was made as role %I.', pg_get_userbyid(owner), role),
            HINT = 'Call it as the owner or as a member of the owner''s role.';
    END IF;
END $$;

-- Settings belong to the database: its owner and members of pgtrickle may change them.
CREATE FUNCTION pgtrickle._require_operator(role name) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT (pg_has_role(role, 'pgtrickle', 'MEMBER')
        OR (SELECT pg_has_role(role, datdba, 'USAGE') FROM pg_database WHERE datname = current_database())) THEN
        RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'permission denied to change settings of pgtrickle',
            DETAIL = format('Role %I is neither the owner of the database nor a member of role pgtrickle.', role),
            HINT = 'Ask the owner of the database, or be granted membership of role pgtrickle.';
    END IF;
END $$;

-- An error as the current role may see it: the message quotes data, so only the owner and monitors get it.
CREATE FUNCTION pgtrickle._error_for_reader(owner oid, code text, message text) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN message IS NULL THEN NULL
        WHEN pg_has_role(owner, 'USAGE') OR pg_has_role('pg_monitor', 'USAGE') THEN message
        ELSE format('SQLSTATE %s (the message is shown to the owner)', code)
    END
$$;
GRANT EXECUTE ON FUNCTION pgtrickle._error_for_reader(oid, text, text) TO PUBLIC;

-- Stream tables are written by their refresh alone. The session's own role decides: nothing that runs inside a session can change it.
CREATE FUNCTION pgtrickle.guard() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF SESSION_USER <> 'pgtrickle_worker' THEN
        RAISE EXCEPTION USING ERRCODE = '42809',
            MESSAGE = format('cannot change stream table %I.%I directly', TG_TABLE_SCHEMA, TG_TABLE_NAME),
            DETAIL = 'Its rows follow from its query.',
            HINT = 'Change the tables that it reads; pgtrickle.drop_stream_table removes it.',
            SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION pgtrickle.guard() IS 'Refuses direct changes of a stream table.';
GRANT EXECUTE ON FUNCTION pgtrickle.guard() TO PUBLIC;
