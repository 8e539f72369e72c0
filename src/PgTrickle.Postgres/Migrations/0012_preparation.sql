-- What comes before a refresh: reading the definition again, the shape of the stream table, the plan. Statements that need the owner's rights are handed to
-- his function by refresh_plan, as those of a refresh are.

-- The captures of a stream table whose triggers or buffers are still to be made, and those that have triggers left over on tables that are none of theirs any more.
CREATE FUNCTION pgtrickle._pending_setup(p_pgt_id bigint) RETURNS TABLE (capture_id int, has_strays bool)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT u.capture_id, c.problem = 'extra'
    FROM pgtrickle.capture_consumers u CROSS JOIN LATERAL pgtrickle._capture_state(u.capture_id) AS c
    WHERE u.pgt_id = p_pgt_id AND c.problem IN ('missing', 'extra')
$$;

-- Takes back what gave the table a shape that another plan does not want, and empties it: a key of a source is gone, or there is a new one. The one case in
-- which a refresh takes an ACCESS EXCLUSIVE lock on a stream table: the aftermath of DDL on a source.
CREATE FUNCTION pgtrickle._reshape_statements(p_pgt_id bigint) RETURNS text[]
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ARRAY(SELECT format('DROP INDEX %s', i.indexrelid::regclass) FROM pg_index i
            WHERE i.indrelid = d.pgt_relid AND i.indexrelid = ANY (s.shape_indexes))
        || ARRAY(SELECT format('ALTER TABLE %s DROP COLUMN %I', d.pgt_relid::regclass, a.attname) FROM pg_attribute a
            WHERE a.attrelid = d.pgt_relid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname ^@ '__pgt_')
        || ARRAY(SELECT format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', d.pgt_relid::regclass, a.attname) FROM pg_attribute a
            WHERE a.attrelid = d.pgt_relid AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND NOT a.attname ^@ '__pgt_'
                AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey)))
        || format('DELETE FROM %s', d.pgt_relid::regclass)
    FROM pgtrickle.stream_tables d JOIN pgtrickle.stream_table_state s USING (pgt_id) WHERE d.pgt_id = p_pgt_id
$$;

-- Reads the definition again, through a view that the owner makes for a moment: tables may have been made anew under their old names, views and functions
-- replaced, columns retyped. The query's own error is what it cannot be read for any more.
CREATE FUNCTION pgtrickle._analyse_statements(p_pgt_id bigint) RETURNS text[]
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text := format('pgtrickle_run.%I', 'query_' || replace(gen_random_uuid()::text, '-', ''));
BEGIN
    RETURN ARRAY[
        format('CREATE VIEW %s AS %s', name, (SELECT d.defining_query FROM pgtrickle.stream_tables d WHERE d.pgt_id = p_pgt_id)),
        format('SELECT pgtrickle._take_analysis(%s, %L)', p_pgt_id, name),
        format('DROP VIEW %s', name)];
END $$;

-- Evaluates the query, every column of every row, and keeps nothing. What a plan raises is the user's error only if this raises it, too: a plan may evaluate a part of the query that
-- PostgreSQL does not look at, since nothing asks for it. q.* is the row, whatever its columns are called.
CREATE FUNCTION pgtrickle._judge_statements(p_pgt_id bigint) RETURNS text[]
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ARRAY[format('SELECT count(q.*) FROM (%s) AS q', rtrim(d.defining_query, E'; \n'))] FROM pgtrickle.stream_tables d WHERE d.pgt_id = p_pgt_id
$$;

-- Called by the owner's function while it is open for ANALYSE: takes over what the view tells about the definition.
CREATE FUNCTION pgtrickle._take_analysis(p_pgt_id bigint, p_view regclass) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    d pgtrickle.stream_tables;
    definition text;
    fresh jsonb;
    misfit record;
BEGIN
    SELECT t.* INTO d FROM pgtrickle.stream_tables t JOIN pgtrickle.stream_table_state s USING (pgt_id)
        JOIN pg_class c ON c.oid = t.pgt_relid JOIN pg_class v ON v.oid = p_view AND v.relowner = c.relowner AND v.relkind = 'v'
        WHERE t.pgt_id = p_pgt_id AND s.opened_xid = pg_current_xact_id_if_assigned() AND s.opened_for = 'ANALYSE';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no analysis is asked for' USING ERRCODE = '42501';
    END IF;
    SELECT coalesce(q.attname, t.attname) AS name, format_type(q.atttypid, q.atttypmod) AS yields, format_type(t.atttypid, t.atttypmod) AS has INTO misfit
        FROM (SELECT * FROM pg_attribute WHERE attrelid = p_view AND attnum > 0 AND NOT attisdropped) AS q
        FULL JOIN (SELECT * FROM pg_attribute WHERE attrelid = d.pgt_relid AND attnum > 0 AND NOT attisdropped AND NOT attname ^@ '__pgt_') AS t
            ON q.attname = t.attname
        WHERE (q.atttypid, q.atttypmod, q.attcollation) IS DISTINCT FROM (t.atttypid, t.atttypmod, t.attcollation)
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'column "%" of stream table %.% does not fit its query any more', misfit.name, d.pgt_schema, d.pgt_name
            USING ERRCODE = '42804', DETAIL = format('The query yields %s, the table has %s.', coalesce(misfit.yields, 'no such column'), coalesce(misfit.has, 'no such column')),
                HINT = 'Drop the stream table and create it again.';
    END IF;
    definition := pgtrickle._viewdef(p_view);
    fresh := pgtrickle._analyse(p_view);
    IF definition = d.defining_query AND fresh = d.analysis THEN
        RETURN;
    END IF;
    IF pgtrickle._reads_itself(p_pgt_id, fresh) THEN
        RAISE EXCEPTION 'stream table %.% has come to read itself', d.pgt_schema, d.pgt_name
            USING ERRCODE = '3F000', HINT = 'Mend the view through which it does.';
    END IF;
    UPDATE pgtrickle.stream_tables t SET defining_query = definition, analysis = fresh, definition_version = t.definition_version + 1, updated_at = clock_timestamp()
        WHERE t.pgt_id = p_pgt_id;
    PERFORM pgtrickle._write_dependencies(p_pgt_id, fresh);
END $$;
GRANT EXECUTE ON FUNCTION pgtrickle._take_analysis(bigint, regclass) TO PUBLIC;

-- Stores what the compiler made of a definition, under the state row's lock, so that no refresh is in between. What was stored from the same state of the catalog keeps its
-- version. Otherwise the variants are made anew, which may rely on keys that are gone; and where it fills other contents, a populated stream table starts again from the difference.
CREATE FUNCTION pgtrickle._store_plan(
    p_pgt_id bigint, p_definition_version bigint, p_compiler_version int, p_mode text, p_downgrade_reason text, p_source_relids oid[], p_capture_ids int[],
    p_is_untracked bool, p_clock_moved text, p_clock_bit bigint, p_setup text[], p_fill text[], p_full text[], p_fingerprint text, p_explanation jsonb, p_raised_by_plan text)
    RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    s pgtrickle.stream_table_state;
    known pgtrickle.plans;
    version bigint;
    functions oid[];
    fills_the_same bool;
BEGIN
    SELECT * INTO s FROM pgtrickle.stream_table_state t WHERE t.pgt_id = p_pgt_id FOR NO KEY UPDATE;
    functions := pgtrickle._user_functions((SELECT d.analysis FROM pgtrickle.stream_tables d WHERE d.pgt_id = p_pgt_id));
    SELECT * INTO known FROM pgtrickle.plans p WHERE p.pgt_id = p_pgt_id AND p.plan_version = s.plan_version;
    fills_the_same := coalesce(known.compiler_version = p_compiler_version AND known.mode = p_mode
        AND known.source_relids = p_source_relids AND known.capture_ids IS NOT DISTINCT FROM p_capture_ids AND known.is_untracked = p_is_untracked
        AND known.clock_moved IS NOT DISTINCT FROM p_clock_moved AND known.clock_bit = p_clock_bit
        AND known.setup_statements = p_setup AND known.fill_statements = p_fill AND known.full_statements = p_full, false);
    IF fills_the_same AND known.fingerprint = p_fingerprint THEN
        version := known.plan_version;
        UPDATE pgtrickle.plans p
            SET raised_by_plan = p_raised_by_plan, definition_version = p_definition_version, explanation = p_explanation, function_oids = functions
            WHERE p.pgt_id = p_pgt_id AND p.plan_version = version;
    ELSE
        version := coalesce(s.plan_version, 0) + 1;
        INSERT INTO pgtrickle.plans (pgt_id, plan_version, definition_version, compiler_version, mode, raised_by_plan, source_relids, capture_ids, is_untracked, clock_moved,
                clock_bit, setup_statements, fill_statements, full_statements, fingerprint, explanation, function_oids)
            VALUES (p_pgt_id, version, p_definition_version, p_compiler_version, p_mode, p_raised_by_plan, p_source_relids, p_capture_ids, p_is_untracked, p_clock_moved,
                p_clock_bit, p_setup, p_fill, p_full, p_fingerprint, p_explanation, functions);
        DELETE FROM pgtrickle.plans p WHERE p.pgt_id = p_pgt_id AND p.plan_version < version;
        UPDATE pgtrickle.stream_table_state t SET plan_version = version, needs_reinit = t.needs_reinit OR (t.is_populated AND NOT fills_the_same) WHERE t.pgt_id = p_pgt_id;
    END IF;
    UPDATE pgtrickle.stream_table_state t SET effective_refresh_mode = p_mode, downgrade_reason = p_downgrade_reason
        WHERE t.pgt_id = p_pgt_id AND (t.effective_refresh_mode, t.downgrade_reason) IS DISTINCT FROM (p_mode, p_downgrade_reason);
    DELETE FROM pgtrickle.capture_consumers u WHERE u.pgt_id = p_pgt_id AND u.capture_id <> ALL (array_remove(p_capture_ids, NULL));
    RETURN version;
END $$;
