-- What commands do: the privileged half of the functions that users call. The trigger knows the caller from NEW.role, a default
-- that no column grant lets anybody override, and checks everything that arrives again, since anybody may insert a command.

-- Raises 42501 unless a role may read what a stream table reads, and may capture it.
CREATE FUNCTION pgtrickle._require_source_rights(role name, source jsonb) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    relid oid := (source ->> 'oid')::oid;
    display text := relid::regclass;
    lacking text;
    member oid;
BEGIN
    SELECT format('column "%s"', a.attname) INTO lacking
    FROM jsonb_array_elements_text(source -> 'column_numbers') AS n(number)
    JOIN pg_attribute a ON a.attrelid = relid AND a.attnum = n.number::int
    WHERE NOT has_column_privilege(role, relid, a.attnum, 'SELECT') ORDER BY a.attnum LIMIT 1;
    IF lacking IS NULL AND NOT has_any_column_privilege(role, relid, 'SELECT') THEN
        lacking := 'any column';
    END IF;
    IF lacking IS NOT NULL THEN
        PERFORM pgtrickle._refuse(format('permission denied for table %s', display),
            format('Role %I has no SELECT on %s; the owner of a stream table reads its sources, tables beneath views included.', role, lacking),
            format('GRANT SELECT ON %s TO %I;', display, role), '42501');
    END IF;
    IF pgtrickle._source_type(relid) IN ('TABLE', 'PARTITIONED') THEN
        SELECT t.relid INTO member FROM pg_partition_tree(relid) t
        WHERE NOT has_table_privilege(role, t.relid, 'TRIGGER') ORDER BY t.level LIMIT 1;
        IF member IS NULL AND NOT has_table_privilege(role, relid, 'TRIGGER') THEN
            member := relid;
        END IF;
        IF member IS NOT NULL THEN
            PERFORM pgtrickle._refuse(format('permission denied to capture changes of table %s', member::regclass),
                format('Role %I has no TRIGGER privilege on it.', role), format('GRANT TRIGGER ON %s TO %I;', member::regclass, role), '42501');
        END IF;
    END IF;
END $$;

-- What a stream table reads, in place of what it read before.
CREATE FUNCTION pgtrickle._write_dependencies(id bigint, analysis jsonb) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM pgtrickle.pgt_dependencies d WHERE d.pgt_id = id;
    INSERT INTO pgtrickle.pgt_dependencies (pgt_id, source_relid, source_type, source_pgt_id, columns_used)
    SELECT id, r.oid, pgtrickle._source_type(r.oid), (SELECT u.pgt_id FROM pgtrickle.stream_tables u WHERE u.pgt_relid = r.oid), r.columns
    FROM (SELECT (e.value ->> 'oid')::oid AS oid, ARRAY(SELECT jsonb_array_elements_text(e.value -> 'column_names')) AS columns
        FROM jsonb_array_elements(analysis -> 'relations') AS e) AS r
$$;

-- Whether a stream table that reads what an analysis names would read itself.
CREATE FUNCTION pgtrickle._reads_itself(id bigint, analysis jsonb) RETURNS bool
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM jsonb_array_elements(analysis -> 'relations') AS r
        JOIN pgtrickle.stream_tables u ON u.pgt_relid = (r.value ->> 'oid')::oid
        WHERE u.pgt_id = id OR u.pgt_id IN (SELECT w.pgt_id FROM pgtrickle._downstream(id) w))
$$;

CREATE FUNCTION pgtrickle._apply_create(caller name, args jsonb) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    id bigint;
    caller_oid oid := (SELECT oid FROM pg_roles WHERE rolname = caller);
    table_oid oid := (args ->> 'pgt_relid')::oid;
    run text := args ->> 'run_name';
    options jsonb := pgtrickle._options(args -> 'options');
    source jsonb;
BEGIN
    DELETE FROM pgtrickle.reserved_ids WHERE pgt_id = (args ->> 'pgt_id')::bigint AND xid = pg_current_xact_id() RETURNING pgt_id INTO id;
    IF id IS NULL
        OR NOT EXISTS (SELECT FROM pg_class WHERE oid = table_oid AND relowner = caller_oid AND relkind = 'r' AND relpersistence = 'p')
        -- Tables whose names begin with that of the function are dropped by pgtrickle, so it must be nobody else's.
        OR run IS NULL OR run !~ '^st_[0-9a-f]{32}$' OR EXISTS (SELECT FROM pgtrickle.stream_tables s WHERE s.run_name = run)
        OR NOT EXISTS (SELECT FROM pg_proc WHERE oid = pgtrickle._run_function(run) AND proowner = caller_oid AND prosecdef) THEN
        PERFORM pgtrickle._refuse('this is not how a stream table is created', 'The command does not describe a table and a function just made by its role.',
            'Call pgtrickle.create_stream_table.', '42501');
    END IF;
    FOR source IN SELECT value FROM jsonb_array_elements(args -> 'analysis' -> 'relations') LOOP
        PERFORM pgtrickle._require_source_rights(caller, source);
    END LOOP;
    INSERT INTO pgtrickle.stream_tables (pgt_id, pgt_relid, pgt_schema, pgt_name, owner_role, run_name, original_query,
        defining_query, analysis, schedule, refresh_mode, diamond_consistency, diamond_schedule_policy, requested_cdc_mode, is_append_only,
        pooler_compatibility_mode, initialize)
    OVERRIDING SYSTEM VALUE
    SELECT id, c.oid, n.nspname, c.relname, caller_oid, run, args ->> 'original_query',
        args ->> 'defining_query', args -> 'analysis', options ->> 'schedule', options ->> 'refresh_mode',
        coalesce(options ->> 'diamond_consistency', pgtrickle._setting('diamond_consistency')),
        coalesce(options ->> 'diamond_schedule_policy', pgtrickle._setting('diamond_schedule_policy')),
        coalesce(options ->> 'cdc_mode', 'trigger'), coalesce((options ->> 'append_only')::bool, false),
        coalesce((options ->> 'pooler_compatibility_mode')::bool, false), coalesce((options ->> 'initialize')::bool, true)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = table_oid;
    INSERT INTO pgtrickle.stream_table_state (pgt_id) VALUES (id);
    PERFORM pgtrickle._write_dependencies(id, args -> 'analysis');
    RETURN id;
END $$;

CREATE FUNCTION pgtrickle._apply_alter(id bigint, raw jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    options jsonb := pgtrickle._options(raw);
    present pgtrickle.stream_tables;
BEGIN
    UPDATE pgtrickle.stream_tables SET
        schedule = coalesce(options ->> 'schedule', schedule),
        refresh_mode = coalesce(options ->> 'refresh_mode', refresh_mode),
        refresh_tier = coalesce(options ->> 'tier', refresh_tier),
        diamond_consistency = coalesce(options ->> 'diamond_consistency', diamond_consistency),
        diamond_schedule_policy = coalesce(options ->> 'diamond_schedule_policy', diamond_schedule_policy),
        requested_cdc_mode = coalesce(options ->> 'cdc_mode', requested_cdc_mode),
        is_append_only = coalesce((options ->> 'append_only')::bool, is_append_only),
        pooler_compatibility_mode = coalesce((options ->> 'pooler_compatibility_mode')::bool, pooler_compatibility_mode),
        fuse_mode = coalesce(options ->> 'fuse', fuse_mode),
        fuse_ceiling = coalesce((options ->> 'fuse_ceiling')::bigint, fuse_ceiling),
        fuse_sensitivity = coalesce((options ->> 'fuse_sensitivity')::int, fuse_sensitivity),
        definition_version = definition_version + 1,
        updated_at = clock_timestamp()
    WHERE pgt_id = id RETURNING * INTO present;
    IF present.is_append_only AND present.refresh_mode = 'FULL' THEN
        PERFORM pgtrickle._refuse('append_only cannot be combined with refresh_mode FULL',
            'A full refresh applies the difference, which may remove rows.', 'Use refresh_mode DIFFERENTIAL or AUTO.');
    END IF;
    IF options ? 'refresh_mode' THEN
        UPDATE pgtrickle.stream_table_state SET effective_refresh_mode = NULL, downgrade_reason = NULL WHERE pgt_id = id;
    END IF;
    IF options ? 'status' THEN
        PERFORM pgtrickle._set_status(id, options ->> 'status');
    END IF;
    -- The next refresh prepares the definition anew: for the mode, or since ACTIVE clears errors, and that of a plan is one.
    UPDATE pgtrickle.plans p SET fingerprint = ''
        WHERE p.pgt_id = id AND (options ? 'refresh_mode' OR (options ->> 'status' = 'ACTIVE' AND p.raised_by_plan IS NOT NULL));
END $$;

-- ACTIVE clears the errors; what was never filled goes back to INITIALIZING instead.
CREATE FUNCTION pgtrickle._set_status(id bigint, wanted text) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    UPDATE pgtrickle.stream_table_state SET
        status = CASE WHEN wanted = 'ACTIVE' AND NOT is_populated THEN 'INITIALIZING' ELSE wanted END,
        consecutive_errors = CASE wanted WHEN 'ACTIVE' THEN 0 ELSE consecutive_errors END,
        last_error_code = CASE wanted WHEN 'ACTIVE' THEN NULL ELSE last_error_code END,
        last_error_message = CASE wanted WHEN 'ACTIVE' THEN NULL ELSE last_error_message END,
        last_error_detail = CASE wanted WHEN 'ACTIVE' THEN NULL ELSE last_error_detail END,
        last_error_hint = CASE wanted WHEN 'ACTIVE' THEN NULL ELSE last_error_hint END,
        last_error_at = CASE wanted WHEN 'ACTIVE' THEN NULL ELSE last_error_at END
    WHERE pgt_id = id
$$;

-- Removes a stream table from the catalog, with the function and the nodes of its owner: pgtrickle owns that function's schema, which suffices.
CREATE FUNCTION pgtrickle._forget(id bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    run text;
BEGIN
    DELETE FROM pgtrickle.stream_tables s WHERE s.pgt_id = id RETURNING s.run_name INTO run;
    IF NOT FOUND THEN
        RETURN; -- Another node was faster.
    END IF;
    IF pgtrickle._run_function(run) IS NOT NULL THEN
        -- Nobody may call it, but anybody may make a view that would.
        EXECUTE format('DROP FUNCTION %s CASCADE', pgtrickle._run_function(run));
    END IF;
    PERFORM pgtrickle._drop_nodes(run);
    UPDATE pgtrickle.commands SET status = 'DONE', finished_at = clock_timestamp() WHERE pgt_id = id AND status = 'PENDING';
END $$;

CREATE FUNCTION pgtrickle._on_command() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    id bigint := (NEW.args ->> 'pgt_id')::bigint;
    present record;
BEGIN
    IF NEW.kind IN ('alter', 'drop', 'refresh', 'resume') THEN
        SELECT s.pgt_relid, c.relowner, x.status, s.pgt_relid::regclass::text AS display INTO present
        FROM pgtrickle.stream_tables s JOIN pgtrickle.stream_table_state x USING (pgt_id) LEFT JOIN pg_class c ON c.oid = s.pgt_relid
        WHERE s.pgt_id = id;
        IF NOT FOUND OR present.relowner IS NULL THEN
            PERFORM pgtrickle._refuse(format('stream table %s does not exist', id), 'It was dropped meanwhile.', 'Look it up again.', '42P01');
        END IF;
        PERFORM pgtrickle._require_owner(NEW.role, present.relowner, present.display);
    END IF;
    CASE NEW.kind
        WHEN 'create' THEN
            id := pgtrickle._apply_create(NEW.role, NEW.args);
        WHEN 'alter' THEN
            PERFORM pgtrickle._apply_alter(id, NEW.args -> 'options');
            IF NEW.args ? 'definition' THEN
                PERFORM pgtrickle._apply_query(NEW.role, id, NEW.args -> 'definition');
            END IF;
        WHEN 'drop' THEN
            PERFORM pgtrickle._forget(id);
        WHEN 'resume' THEN
            IF present.status <> 'SUSPENDED' THEN
                PERFORM pgtrickle._refuse(format('stream table %s is not suspended', present.display),
                    format('Its status is %s.', present.status), 'alter_stream_table(name, status => ''ACTIVE'') clears errors of any status.');
            END IF;
            PERFORM pgtrickle._apply_alter(id, '{"status": "ACTIVE"}');
        WHEN 'refresh' THEN
            IF present.status = 'SUSPENDED' THEN
                PERFORM pgtrickle._refuse(format('stream table %s is suspended', present.display), 'Suspended stream tables are not refreshed.',
                    'Call pgtrickle.resume_stream_table first.', '55000');
            END IF;
        WHEN 'set' THEN
            PERFORM pgtrickle._require_operator(NEW.role);
            INSERT INTO pgtrickle.settings (name, value, updated_by)
            VALUES (NEW.args ->> 'name', pgtrickle._setting_value(NEW.args ->> 'name', NEW.args ->> 'value'), NEW.role)
            ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value, updated_at = clock_timestamp(), updated_by = EXCLUDED.updated_by;
        ELSE
            PERFORM pgtrickle._refuse(format('unknown command "%s"', NEW.kind), 'Commands are inserted by the functions of schema pgtrickle.', 'Call those.');
    END CASE;
    UPDATE pgtrickle.commands SET pgt_id = id,
        status = CASE WHEN NEW.kind = 'set' THEN 'DONE' ELSE status END,
        finished_at = CASE WHEN NEW.kind = 'set' THEN clock_timestamp() END
    WHERE command_id = NEW.command_id;
    RETURN NULL;
END $$;

CREATE TRIGGER apply AFTER INSERT ON pgtrickle.commands FOR EACH ROW EXECUTE FUNCTION pgtrickle._on_command();

-- For nodes: forgets stream tables that were dropped with DROP TABLE or with their schema. Returns how many.
CREATE FUNCTION pgtrickle._forget_dropped() RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (
        SELECT count(pgtrickle._forget(s.pgt_id))
        FROM pgtrickle.stream_tables s WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = s.pgt_relid));
END $$;
