-- Change capture: triggers that write what happened to a table into a buffer, in the writer's own transaction.
--
-- What can make a writer fail or wait is kept out of here: the triggers run static SQL, notice a changed table without touching a catalog,
-- and are made one source at a time under a lock timeout of milliseconds.

-- Every table that a statement on p_relid reads or writes: itself, its partitions, its inheritance children.
CREATE FUNCTION pgtrickle._tree(p_relid oid) RETURNS oid[]
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Nearly every table has no children: spare it the recursion.
    IF NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = p_relid) THEN
        RETURN ARRAY[p_relid];
    END IF;
    RETURN (
        WITH RECURSIVE tree(relid) AS (
            SELECT p_relid
            UNION
            SELECT i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.relid WHERE NOT i.inhdetachpending
        )
        SELECT array_agg(relid ORDER BY relid) FROM tree);
END $$;
-- Tells no more than pg_inherits; who explains a query compiles it with their own rights.
GRANT EXECUTE ON FUNCTION pgtrickle._tree(oid) TO PUBLIC;

-- Whether a column holds no NULL. From 18 on a constraint may be there that was not validated: rows from before it may hold some.
CREATE FUNCTION pgtrickle._is_not_null(a pg_catalog.pg_attribute) RETURNS bool
    LANGUAGE sql STABLE AS $$
    SELECT a.attnotnull AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_constraint c WHERE c.conrelid = a.attrelid AND c.contype = 'n' AND NOT c.convalidated AND c.conkey = ARRAY[a.attnum])
$$;
GRANT EXECUTE ON FUNCTION pgtrickle._is_not_null(pg_catalog.pg_attribute) TO PUBLIC;

-- Names, types and collations of columns of a table, in a form that can be compared; NULL entries for columns that are gone.
-- The expressions of virtual generated columns (18) belong to it, with all columns, any of which they may use. Writers ask for it in sessions of any settings:
-- a name is quoted in a way, and an expression told apart by its tree, on which settings have no influence.
CREATE FUNCTION pgtrickle.shape_of(p_relid oid, p_columns text[]) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (
        SELECT md5(coalesce(string_agg(
            concat_ws(':', quote_literal(a.attname), a.atttypid, a.attcollation,
                CASE WHEN to_jsonb(a) ->> 'attgenerated' = 'v' THEN (
                    SELECT d.adbin::text || (
                        SELECT string_agg(quote_literal(o.attname) || o.atttypid, ',' ORDER BY o.attname)
                        FROM pg_attribute o WHERE o.attrelid = p_relid AND o.attnum > 0 AND NOT o.attisdropped)
                    FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END),
            ',' ORDER BY a.attname), '') || '/' || count(*))
        FROM pg_attribute a
        WHERE a.attrelid = p_relid AND a.attname = ANY (p_columns) AND a.attnum > 0 AND NOT a.attisdropped);
END $$;

-- The guard of every capture function: whether a table still is what the static SQL of the function was written for.
--
-- Declared immutable, which it is not, so that PL/pgSQL folds the call into a constant of its cached plan; a constant of type regclass in the
-- call makes the plan depend on that table, so every ALTER TABLE, and nothing else, has the call evaluated anew. In the steady state it costs
-- nothing, and a subtransaction is not needed (docs/adr has the measurement).
--
-- A REPEATABLE READ writer may evaluate it on a snapshot older than the ALTER TABLE. pg_identify_object_as_address and pg_relation_filenode
-- look past the snapshot; where they disagree with it the answer is no, and the function takes its slow path.
CREATE FUNCTION pgtrickle.shape_is(p_relid regclass, p_columns text[], p_shape text) RETURNS bool
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN pgtrickle.shape_of(p_relid, p_columns) = p_shape
        AND NOT EXISTS (
            SELECT FROM pg_attribute a
            WHERE a.attrelid = p_relid AND a.attname = ANY (p_columns)
                AND (pg_identify_object_as_address('pg_class'::regclass, p_relid, a.attnum)).object_names[3] IS DISTINCT FROM a.attname::text)
        AND NOT EXISTS (
            SELECT FROM pg_class c
            WHERE c.oid = p_relid AND c.relfilenode <> 0 AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(p_relid));
EXCEPTION WHEN OTHERS THEN
    RETURN false;
END $$;

-- Whether the reader of a change view may see what the source itself would show: every captured column, and every row.
-- SECURITY INVOKER: in a view, functions run as whoever reads the view.
CREATE FUNCTION pgtrickle.may_read(p_relid oid, p_columns smallint[]) RETURNS bool
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    number smallint;
BEGIN
    IF pg_catalog.row_security_active(p_relid) THEN
        RAISE EXCEPTION 'row security of table % applies to role %', p_relid::pg_catalog.regclass, CURRENT_USER
            USING ERRCODE = '42501', HINT = 'A stream table is maintained for all rows: its owner has to own the source or to have BYPASSRLS.';
    END IF;
    IF pg_catalog.has_table_privilege(p_relid, 'SELECT') THEN
        RETURN true;
    END IF;
    FOREACH number IN ARRAY p_columns LOOP
        IF NOT pg_catalog.has_column_privilege(p_relid, number, 'SELECT') THEN
            RAISE EXCEPTION 'permission denied for table %', p_relid::pg_catalog.regclass USING ERRCODE = '42501';
        END IF;
    END LOOP;
    RETURN true;
END $$;

-- What kind of capture sees all changes of a table. A statement that names a parent fires the statement triggers of the parent only, so a
-- partition or an inheritance child that is a source itself needs row triggers; so does what a subscription writes.
CREATE FUNCTION pgtrickle._capture_kind(p_relid oid) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (
        SELECT CASE WHEN EXISTS (SELECT FROM pg_inherits WHERE inhrelid = p_relid)
            OR EXISTS (SELECT FROM pg_subscription_rel WHERE srrelid = ANY (pgtrickle._tree(p_relid))) THEN 'row' ELSE 'statement' END);
END $$;

-- The tables whose rows a capture sees.
CREATE FUNCTION pgtrickle._captured_tree(p_relid oid, p_kind text) RETURNS oid[]
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN p_kind = 'only' THEN ARRAY[p_relid] ELSE pgtrickle._tree(p_relid) END;
END $$;

-- The triggers that a capture has to have.
CREATE FUNCTION pgtrickle._capture_triggers(p_capture_id int, p_relid oid, p_kind text)
    RETURNS TABLE (member oid, trigger_name text, event text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.oid, format('pgtrickle_c%s_%s', p_capture_id, e.suffix), e.event
    FROM unnest(pgtrickle._captured_tree(p_relid, p_kind)) AS m(relid)
    JOIN pg_class c ON c.oid = m.relid
    JOIN (VALUES ('i', 'INSERT', 'statement'), ('u', 'UPDATE', 'statement'), ('d', 'DELETE', 'statement'),
                 ('r', 'INSERT OR UPDATE OR DELETE', 'row'), ('t', 'TRUNCATE', NULL)) AS e(suffix, event, kind)
        ON e.kind = CASE p_kind WHEN 'only' THEN 'row' ELSE p_kind END OR e.kind IS NULL
    -- A row trigger on a partitioned table would be cloned into its partitions; they get their own.
    WHERE e.suffix <> 'r' OR c.relkind = 'r'
$$;

-- The state of a capture on this snapshot: a hash that changes with its triggers (each carries the xmin of its row: one that was disabled
-- and enabled again has another) and with the tables that it covers, and what is wrong with it, if anything.
-- Problems: missing, extra (a partition that was detached and still has its trigger), kind, shape call for another preparation; disabled is the doing of the table's owner, and is lived with.
CREATE FUNCTION pgtrickle._capture_state(p_capture_id int, OUT hash text, OUT problem text)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    capture pgtrickle.captures;
    tree oid[];
    found_triggers int;
    disabled int;
    wanted int;
BEGIN
    SELECT * INTO capture FROM pgtrickle.captures c WHERE c.capture_id = p_capture_id;
    IF capture.buffer_relid IS NULL THEN
        problem := 'missing';
        RETURN;
    END IF;
    tree := pgtrickle._captured_tree(capture.source_relid, capture.kind);
    SELECT md5(concat_ws('/', p_capture_id, tree, capture.members,
                -- A column may have gone and another taken its name.
                ARRAY(SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = capture.source_relid AND a.attname = ANY (capture.column_names) ORDER BY a.attname),
                string_agg(concat_ws(':', t.tgrelid, t.oid, t.xmin, t.tgenabled), ',' ORDER BY t.oid))),
            count(*), count(*) FILTER (WHERE t.tgenabled NOT IN ('O', 'A'))
        INTO hash, found_triggers, disabled
        FROM pg_trigger t
        WHERE t.tgrelid = ANY (tree) AND NOT t.tgisinternal AND t.tgname ^@ format('pgtrickle_c%s_', p_capture_id);
    IF capture.kind = 'statement' THEN
        wanted := 4 * cardinality(tree);
    ELSE
        wanted := cardinality(tree) + (SELECT count(*) FROM pg_class c WHERE c.oid = ANY (tree) AND c.relkind = 'r');
    END IF;
    problem := CASE
        WHEN capture.kind <> 'only' AND capture.kind <> pgtrickle._capture_kind(capture.source_relid) THEN 'kind'
        WHEN pgtrickle.shape_of(capture.source_relid, capture.column_names) <> capture.fingerprint THEN 'shape'
        WHEN found_triggers < wanted THEN 'missing'
        WHEN NOT capture.members <@ tree THEN 'extra'
        WHEN disabled > 0 THEN 'disabled'
    END;
END $$;

-- Chooses the capture that a stream table reads a source through, making one if none has the columns, and registers the stream table as its
-- consumer. From the commit on, clean-up keeps what is not visible in the registration's snapshot.
-- p_is_alone: only its own rows are asked for. Transition tables do not tell from which table a row is, so that takes row triggers.
CREATE FUNCTION pgtrickle._capture_register(p_pgt_id bigint, p_relid oid, p_columns text[], p_is_alone bool) RETURNS int
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    chosen int;
    wanted_kind text;
    owner oid := (SELECT c.relowner FROM pgtrickle.stream_tables s JOIN pg_class c ON c.oid = s.pgt_relid WHERE s.pgt_id = p_pgt_id);
    columns text[];
BEGIN
    -- One at a time: two creators share a capture, and no clean-up drops it in between. Readers are not disturbed.
    LOCK TABLE pgtrickle.captures IN SHARE ROW EXCLUSIVE MODE;
    wanted_kind := CASE WHEN p_is_alone THEN 'only' ELSE pgtrickle._capture_kind(p_relid) END;
    SELECT c.capture_id INTO chosen
        FROM pgtrickle.captures c
        WHERE c.source_relid = p_relid AND c.kind = wanted_kind AND c.status <> 'RETIRING' AND c.column_names @> p_columns
            AND c.fingerprint = pgtrickle.shape_of(p_relid, c.column_names)
            AND pgtrickle._readable(owner, p_relid, c.column_names)
        ORDER BY cardinality(c.column_names), c.capture_id
        LIMIT 1;
    IF chosen IS NULL THEN
        -- The union with what others read of this source, so that the next one finds it all in one place.
        SELECT coalesce(array_agg(a.attname::text ORDER BY a.attnum), '{}') INTO columns
            FROM pg_attribute a
            WHERE a.attrelid = p_relid AND a.attnum > 0 AND NOT a.attisdropped
                AND (a.attname = ANY (p_columns)
                    -- A query that reads no column (count(*)) needs rows all the same.
                    OR (p_columns = '{}' AND a.attnum = (
                        SELECT min(f.attnum) FROM pg_attribute f
                        WHERE f.attrelid = p_relid AND f.attnum > 0 AND NOT f.attisdropped AND has_column_privilege(owner, p_relid, f.attnum, 'SELECT')))
                    OR (has_column_privilege(owner, p_relid, a.attnum, 'SELECT')
                    AND a.attname IN (
                        SELECT unnest(c.column_names)
                        FROM pgtrickle.captures c JOIN pgtrickle.capture_consumers u USING (capture_id)
                        WHERE c.source_relid = p_relid AND c.fingerprint = pgtrickle.shape_of(p_relid, c.column_names))));
        IF columns = '{}' THEN
            RAISE EXCEPTION 'table % has no column that could be captured', p_relid::regclass USING ERRCODE = '0A000';
        END IF;
        INSERT INTO pgtrickle.captures (source_relid, kind, column_numbers, column_names, fingerprint)
            VALUES (p_relid, wanted_kind,
                ARRAY(SELECT a.attnum FROM pg_attribute a JOIN unnest(columns) WITH ORDINALITY AS n(name, place) ON a.attname = n.name
                    WHERE a.attrelid = p_relid ORDER BY n.place),
                columns, pgtrickle.shape_of(p_relid, columns))
            RETURNING capture_id INTO chosen;
    END IF;
    INSERT INTO pgtrickle.capture_consumers (capture_id, pgt_id) VALUES (chosen, p_pgt_id) ON CONFLICT DO NOTHING;
    RETURN chosen;
END $$;

CREATE FUNCTION pgtrickle._readable(p_role oid, p_relid oid, p_columns text[]) RETURNS bool
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (
        SELECT has_table_privilege(p_role, p_relid, 'SELECT') OR (
            SELECT count(*) = cardinality(p_columns) AND bool_and(has_column_privilege(p_role, p_relid, a.attnum, 'SELECT'))
            FROM pg_attribute a
            WHERE a.attrelid = p_relid AND a.attname = ANY (p_columns) AND a.attnum > 0 AND NOT a.attisdropped));
END $$;

-- What a type is over, if it is a domain; itself otherwise.
CREATE FUNCTION pgtrickle._base_type(p_type oid) RETURNS oid
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    base oid := (SELECT t.typbasetype FROM pg_type t WHERE t.oid = p_type AND t.typtype = 'd');
BEGIN
    RETURN CASE WHEN base IS NULL THEN p_type ELSE pgtrickle._base_type(base) END;
END $$;

-- The text of a capture function for one table of a capture. Constants in expressions of virtual columns are printed as every session reads them.
CREATE FUNCTION pgtrickle._capture_function_body(p_capture_id int, p_member oid) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET intervalstyle = 'postgres' SET extra_float_digits = 1
    SET bytea_output = 'hex' SET standard_conforming_strings = on AS $$
DECLARE
    capture pgtrickle.captures;
    target text;
    new_values text;
    old_values text;
    record_new text;
    record_old text;
    writes text;
BEGIN
    SELECT * INTO capture FROM pgtrickle.captures c WHERE c.capture_id = p_capture_id;
    -- A virtual generated column is NULL in a transition table: its expression stands there instead.
    SELECT coalesce(string_agg(format(', %I', a.attname), '' ORDER BY n.place), ''),
            coalesce(string_agg(', ' || coalesce(e.expression, format('n.%I', a.attname)), '' ORDER BY n.place), ''),
            coalesce(string_agg(', ' || coalesce('(SELECT ' || e.expression || ' FROM (SELECT NEW.*) AS n)', format('NEW.%I', a.attname)), ''
                ORDER BY n.place), ''),
            coalesce(string_agg(', ' || coalesce('(SELECT ' || e.expression || ' FROM (SELECT OLD.*) AS n)', format('OLD.%I', a.attname)), ''
                ORDER BY n.place), '')
        INTO target, new_values, record_new, record_old
        FROM unnest(capture.column_names) WITH ORDINALITY AS n(name, place)
        JOIN pg_attribute a ON a.attrelid = p_member AND a.attname = n.name
        LEFT JOIN LATERAL (
            SELECT '(' || pg_get_expr(d.adbin, d.adrelid) || ')' AS expression
            FROM pg_attrdef d
            WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND to_jsonb(a) ->> 'attgenerated' = 'v') AS e ON true;
    old_values := new_values;
    IF capture.kind = 'statement' THEN
        writes := format($body$
        IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
            INSERT INTO pgtrickle_changes.%1$I (__pgt_w%2$s) SELECT 1%3$s FROM pgtrickle_new n;
        ELSIF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN
            INSERT INTO pgtrickle_changes.%1$I (__pgt_w%2$s)
                SELECT -1%3$s FROM pgtrickle_old n UNION ALL SELECT 1%3$s FROM pgtrickle_new n;
        ELSIF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN
            INSERT INTO pgtrickle_changes.%1$I (__pgt_w%2$s) SELECT -1%3$s FROM pgtrickle_old n;
        ELSE
            INSERT INTO pgtrickle_changes.%1$I (__pgt_w) VALUES (0);
        END IF;$body$, 'b_' || p_capture_id, target, new_values);
    ELSE
        writes := format($body$
        IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
            INSERT INTO pgtrickle_changes.%1$I (__pgt_w%2$s) VALUES (1%3$s);
        ELSIF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN
            INSERT INTO pgtrickle_changes.%1$I (__pgt_w%2$s) VALUES (-1%4$s), (1%3$s);
        ELSIF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN
            INSERT INTO pgtrickle_changes.%1$I (__pgt_w%2$s) VALUES (-1%4$s);
        ELSE
            INSERT INTO pgtrickle_changes.%1$I (__pgt_w) VALUES (0);
        END IF;$body$, 'b_' || p_capture_id, target, record_new, record_old);
    END IF;
    RETURN format($body$
#variable_conflict use_column
BEGIN
    IF TG_RELID OPERATOR(pg_catalog.<>) %1$s::pg_catalog.oid THEN
        -- Of a trigger that somebody else made, or in a database that was restored from a dump, where this is another table's capture.
        RETURN NULL;
    END IF;
    IF pg_catalog.length(pg_catalog.current_setting('pgtrickle.c%2$s', true)) OPERATOR(pg_catalog.>) 0 THEN
        -- This transaction has its row.
    ELSE
        INSERT INTO pgtrickle_changes.log (capture_id) VALUES (%2$s);
        PERFORM pg_catalog.set_config('pgtrickle.c%2$s', 'x', true);
    END IF;
    IF pgtrickle.shape_is('%1$s'::pg_catalog.regclass, %3$L::pg_catalog.text[], %4$L) THEN%5$s
    ELSIF pgtrickle._shape_now(%1$s::pg_catalog.oid, %3$L::pg_catalog.text[], %4$L) THEN
        BEGIN%5$s
        EXCEPTION WHEN OTHERS THEN
            INSERT INTO pgtrickle_changes.%6$I (__pgt_w) VALUES (2);
        END;
    ELSE
        INSERT INTO pgtrickle_changes.%6$I (__pgt_w) VALUES (2);
    END IF;
    RETURN NULL;
END $body$, p_member, p_capture_id, capture.column_names, pgtrickle.shape_of(p_member, capture.column_names), writes, 'b_' || p_capture_id);
END $$;

-- The question of shape_is, asked every time: the slow path of a capture function, which any doubt leads to.
CREATE FUNCTION pgtrickle._shape_now(p_relid oid, p_columns text[], p_shape text) RETURNS bool
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT pgtrickle.shape_of(p_relid, p_columns) = p_shape
$$;

-- The next piece of DDL that a stream table's captures need, as statements to be run by its owner in one transaction; none when all stand.
-- A buffer takes its types from a view that the owner makes for a moment: pgtrickle may have no right on the schema of a type.
-- Each source's triggers are one transaction, so that a lock is never held while another is waited for.
CREATE FUNCTION pgtrickle._setup_statements(p_pgt_id bigint) RETURNS SETOF text
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    capture pgtrickle.captures;
    shape text := format('pgtrickle_run.%I', 'shape_' || replace(gen_random_uuid()::text, '-', ''));
    wanted record;
    made bool := false;
BEGIN
    -- One preparation of a capture at a time: consumers that share it all find the same pieces missing. Who comes second waits, and then sees, or
    -- fails with 40001 and sees the next time, what the first has made.
    PERFORM FROM pgtrickle.captures c JOIN pgtrickle.capture_consumers u USING (capture_id)
        WHERE u.pgt_id = p_pgt_id ORDER BY c.capture_id FOR NO KEY UPDATE OF c;
    FOR capture IN
        SELECT c.* FROM pgtrickle.captures c JOIN pgtrickle.capture_consumers u USING (capture_id)
        WHERE u.pgt_id = p_pgt_id ORDER BY c.source_relid, c.capture_id
    LOOP
        IF capture.buffer_relid IS NULL THEN
            RETURN NEXT format('CREATE VIEW %s AS SELECT %s FROM %s', shape, (
                -- Without type modifiers: no varchar(10) that became a varchar(20) a moment ago may fail its writer. And as what a domain is over: the NULLs of a marker
                -- are none of the values that it allows.
                SELECT string_agg(CASE WHEN a.atttypmod >= 0 OR t.oid <> a.atttypid THEN format('CAST(%1$I AS %2$s) AS %1$I', a.attname, format_type(t.oid, -1))
                    ELSE format('%I', a.attname) END, ', ' ORDER BY n.place)
                FROM unnest(capture.column_names) WITH ORDINALITY AS n(name, place)
                JOIN pg_attribute a ON a.attrelid = capture.source_relid AND a.attname = n.name
                CROSS JOIN LATERAL pgtrickle._base_type(a.atttypid) AS t(oid)), capture.source_relid::regclass);
            RETURN NEXT format('GRANT SELECT ON %s TO pgtrickle', shape);
            RETURN NEXT format('SELECT pgtrickle._make_buffer(%s, %L)', capture.capture_id, shape);
            RETURN NEXT format('DROP VIEW %s', shape);
            RETURN;
        END IF;
        FOR wanted IN
            SELECT w.* FROM pgtrickle._capture_triggers(capture.capture_id, capture.source_relid, capture.kind) w
            WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = w.member AND t.tgname = w.trigger_name)
            ORDER BY w.member, w.event
        LOOP
            made := true;
            IF to_regprocedure(format('pgtrickle_changes.%I()', pgtrickle._capture_function_name(capture.capture_id, wanted.member))) IS NULL THEN
                PERFORM pgtrickle._make_capture_function(capture.capture_id, wanted.member);
                UPDATE pgtrickle.captures c SET members = c.members || wanted.member WHERE c.capture_id = capture.capture_id;
            END IF;
            RETURN NEXT format('CREATE TRIGGER %I AFTER %s ON %s %s FOR EACH %s EXECUTE FUNCTION pgtrickle_changes.%I()',
                wanted.trigger_name, wanted.event, wanted.member::regclass,
                CASE WHEN capture.kind = 'statement' THEN CASE wanted.event
                    WHEN 'INSERT' THEN 'REFERENCING NEW TABLE AS pgtrickle_new'
                    WHEN 'UPDATE' THEN 'REFERENCING OLD TABLE AS pgtrickle_old NEW TABLE AS pgtrickle_new'
                    WHEN 'DELETE' THEN 'REFERENCING OLD TABLE AS pgtrickle_old' END END,
                CASE WHEN capture.kind <> 'statement' AND wanted.event <> 'TRUNCATE' THEN 'ROW' ELSE 'STATEMENT' END,
                pgtrickle._capture_function_name(capture.capture_id, wanted.member));
            IF EXISTS (SELECT FROM pg_subscription_rel WHERE srrelid = wanted.member) THEN
                -- What a subscription applies fires such triggers only; needs the table's owner.
                RETURN NEXT format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', wanted.member::regclass, wanted.trigger_name);
            END IF;
        END LOOP;
        IF made THEN
            RETURN;
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION pgtrickle._capture_function_name(p_capture_id int, p_member oid) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT format('c_%s_%s', p_capture_id, p_member) $$;

-- SECURITY DEFINER for the buffer, and without a SET clause, for speed: every name in the body is qualified, and every operator, which excludes IS DISTINCT FROM
-- and the like. Expressions of virtual columns are printed without: with them the function gets the search_path that they were printed for.
CREATE FUNCTION pgtrickle._make_capture_function(p_capture_id int, p_member oid) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE FUNCTION pgtrickle_changes.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER %s AS %L',
        pgtrickle._capture_function_name(p_capture_id, p_member),
        (SELECT 'SET search_path = pg_catalog, pg_temp' FROM pgtrickle.captures c JOIN pg_attribute a ON a.attrelid = p_member AND a.attname = ANY (c.column_names)
            WHERE c.capture_id = p_capture_id AND to_jsonb(a) ->> 'attgenerated' = 'v' LIMIT 1),
        pgtrickle._capture_function_body(p_capture_id, p_member));
    EXECUTE format('GRANT EXECUTE ON FUNCTION pgtrickle_changes.%I() TO PUBLIC', pgtrickle._capture_function_name(p_capture_id, p_member));
END $$;

-- Called by the owner's function during setup: makes buffer and view of a capture with the columns of p_shape.
CREATE FUNCTION pgtrickle._make_buffer(p_capture_id int, p_shape regclass) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    capture pgtrickle.captures;
    buffer text := format('pgtrickle_changes.%I', 'b_' || p_capture_id);
    change_view text := format('pgtrickle_changes.%I', 'v_' || p_capture_id);
    columns text;
BEGIN
    SELECT c.* INTO capture
        FROM pgtrickle.captures c
        JOIN pgtrickle.capture_consumers u USING (capture_id)
        JOIN pgtrickle.stream_table_state s USING (pgt_id)
        JOIN pgtrickle.stream_tables d USING (pgt_id)
        WHERE c.capture_id = p_capture_id AND c.buffer_relid IS NULL
            AND s.opened_xid = pg_current_xact_id_if_assigned() AND s.opened_for = 'SETUP'
            AND (SELECT t.relowner FROM pg_class t WHERE t.oid = d.pgt_relid) = (SELECT v.relowner FROM pg_class v WHERE v.oid = p_shape);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no buffer is asked for' USING ERRCODE = '42501';
    END IF;
    columns := (SELECT string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = p_shape AND a.attnum > 0);
    EXECUTE format('CREATE TABLE %s (__pgt_xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(), __pgt_w smallint NOT NULL, LIKE %s)', buffer, p_shape);
    -- A histogram of xids would tell the planner that newer ones do not exist; and a log is vacuumed by number of rows, not by share.
    EXECUTE format('ALTER TABLE %s ALTER COLUMN __pgt_xid SET STATISTICS 0', buffer);
    EXECUTE format('ALTER TABLE %s SET (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 20000)', buffer);
    EXECUTE format('CREATE VIEW %s WITH (security_barrier) AS SELECT __pgt_xid, __pgt_w, %s FROM %s WHERE (SELECT pgtrickle.may_read(%s, %L))',
        change_view, columns, buffer, capture.source_relid, capture.column_numbers);
    EXECUTE format('GRANT SELECT ON %s TO PUBLIC', change_view);
    PERFORM pgtrickle._make_unread_function(p_capture_id);
    UPDATE pgtrickle.captures SET buffer_relid = buffer::regclass, view_relid = change_view::regclass WHERE capture_id = p_capture_id;
END $$;

-- The function that counts the change rows of a buffer past a frontier: one a capture, so that its plan is kept.
CREATE FUNCTION pgtrickle._make_unread_function(p_capture_id int) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format($create$
        CREATE FUNCTION pgtrickle_changes.%1$I(p_frontier pg_snapshot, p_consumed xid8, p_own xid8) RETURNS pgtrickle.unread
            LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $body$
        DECLARE
            found pgtrickle.unread;
            oldest xid8 := pg_snapshot_xmin(p_frontier);
        BEGIN
            IF p_consumed IS NULL AND p_own IS NULL THEN
                -- The usual case, in a third of the time: no row is an own one.
                SELECT count(*), 0, 0, coalesce(min(b.__pgt_w * b.__pgt_w) = 0, false), coalesce(max(b.__pgt_w) = 2, false)
                    INTO found FROM pgtrickle_changes.%2$I b
                    WHERE b.__pgt_xid >= oldest AND NOT pg_visible_in_snapshot(b.__pgt_xid, p_frontier);
                RETURN found;
            END IF;
            SELECT count(*) FILTER (WHERE b.__pgt_xid IS DISTINCT FROM p_consumed), count(*) FILTER (WHERE b.__pgt_xid = p_consumed),
                    count(*) FILTER (WHERE b.__pgt_xid = p_own),
                    coalesce(bool_or(b.__pgt_w = 0 AND b.__pgt_xid IS DISTINCT FROM p_consumed), false),
                    coalesce(bool_or(b.__pgt_w = 2 AND b.__pgt_xid IS DISTINCT FROM p_consumed), false)
                INTO found FROM pgtrickle_changes.%2$I b
                WHERE b.__pgt_xid >= oldest AND NOT pg_visible_in_snapshot(b.__pgt_xid, p_frontier);
            RETURN found;
        END $body$ $create$, 'u_' || p_capture_id, 'b_' || p_capture_id);
END $$;

-- Drops the function, and with it the triggers, of one table of a capture that does not belong there: of a detached partition, or of any when
-- the capture has no consumers left. One table a transaction, under a lock timeout of milliseconds: DROP TRIGGER locks the table.
-- False when nothing is left to drop.
CREATE FUNCTION pgtrickle._drop_capture_member(p_capture_id int) RETURNS bool
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    capture pgtrickle.captures;
    dropped oid;
BEGIN
    LOCK TABLE pgtrickle.captures IN SHARE ROW EXCLUSIVE MODE;
    PERFORM set_config('lock_timeout', '5ms', true);
    SELECT * INTO capture FROM pgtrickle.captures c WHERE c.capture_id = p_capture_id;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF NOT EXISTS (SELECT FROM pgtrickle.capture_consumers u WHERE u.capture_id = p_capture_id) THEN
        UPDATE pgtrickle.captures c SET status = 'RETIRING' WHERE c.capture_id = p_capture_id;
        dropped := capture.members[1];
        IF dropped IS NULL THEN
            EXECUTE format('DROP VIEW IF EXISTS pgtrickle_changes.%I', 'v_' || p_capture_id);
            EXECUTE format('DROP FUNCTION IF EXISTS pgtrickle_changes.%I', 'u_' || p_capture_id);
            EXECUTE format('DROP TABLE IF EXISTS pgtrickle_changes.%I', 'b_' || p_capture_id);
            DELETE FROM pgtrickle.captures c WHERE c.capture_id = p_capture_id;
            RETURN false;
        END IF;
    ELSE
        SELECT m INTO dropped FROM unnest(capture.members) AS m WHERE m <> ALL (pgtrickle._captured_tree(capture.source_relid, capture.kind)) LIMIT 1;
        IF dropped IS NULL THEN
            RETURN false;
        END IF;
    END IF;
    EXECUTE format('DROP FUNCTION IF EXISTS pgtrickle_changes.%I() CASCADE', pgtrickle._capture_function_name(p_capture_id, dropped));
    UPDATE pgtrickle.captures c SET members = array_remove(c.members, dropped) WHERE c.capture_id = p_capture_id;
    RETURN true;
END $$;

-- Where the consumers of a capture stand; a change row is needed as long as one of them does not see its transaction. A consumer that is being created
-- counts from its registration, and so does one without contents.
CREATE FUNCTION pgtrickle._consumed_snapshots(p_capture_id int) RETURNS pg_snapshot[]
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT array_agg(DISTINCT coalesce(s.frontier_snapshot, u.registered_snapshot)::text)::pg_snapshot[]
    FROM pgtrickle.capture_consumers u JOIN pgtrickle.stream_table_state s USING (pgt_id)
    WHERE u.capture_id = p_capture_id
$$;

-- Removes up to p_limit change rows that everybody has behind him; returns how many. A large buffer that is consumed as a whole is truncated:
-- that leaves no dead rows. The lock excludes writers, so whatever stands in the buffer then is of transactions that have ended, and the
-- question is asked again; a refresh on an older snapshot finds another file node and starts again.
CREATE FUNCTION pgtrickle._clean_buffer(p_capture_id int, p_limit int, p_truncate_from bigint) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    buffer text := format('pgtrickle_changes.%I', 'b_' || p_capture_id);
    question text := format('SELECT EXISTS (SELECT FROM %s b WHERE EXISTS (SELECT FROM unnest($1) AS s WHERE NOT pg_visible_in_snapshot(b.__pgt_xid, s)))', buffer);
    snapshots pg_snapshot[] := pgtrickle._consumed_snapshots(p_capture_id);
    is_needed bool;
    removed bigint;
BEGIN
    IF snapshots IS NULL THEN
        RETURN 0;
    END IF;
    IF pg_relation_size(buffer::regclass) >= p_truncate_from THEN
        EXECUTE question INTO is_needed USING snapshots;
        IF NOT is_needed THEN
            BEGIN
                PERFORM set_config('lock_timeout', '5ms', true);
                EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', buffer);
                EXECUTE question INTO is_needed USING pgtrickle._consumed_snapshots(p_capture_id);
                IF NOT is_needed THEN
                    EXECUTE format('SELECT count(*) FROM %s', buffer) INTO removed;
                    EXECUTE format('TRUNCATE %s', buffer);
                    RETURN removed;
                END IF;
            EXCEPTION WHEN lock_not_available THEN
                NULL; -- Somebody writes: delete instead.
            END;
        END IF;
    END IF;
    EXECUTE format(
        'DELETE FROM %1$s WHERE ctid = ANY (ARRAY(SELECT b.ctid FROM %1$s b '
        'WHERE NOT EXISTS (SELECT FROM unnest($1) AS s WHERE NOT pg_visible_in_snapshot(b.__pgt_xid, s)) LIMIT $2))', buffer)
        USING snapshots, p_limit;
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END $$;

-- Snapshots of past clean-ups: the change log is kept for a while, and what was thrown away is known.
CREATE TABLE pgtrickle_changes.log_horizon (
    taken_at timestamptz PRIMARY KEY DEFAULT pg_catalog.clock_timestamp(),
    snapshot pg_snapshot NOT NULL DEFAULT pg_catalog.pg_current_snapshot(),
    is_trimmed bool NOT NULL DEFAULT false
);

-- Forgets log rows of transactions that had ended p_keep ago. A detector that has not looked since then is told that anything may have changed.
CREATE FUNCTION pgtrickle._trim_log(p_keep interval) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    horizon pgtrickle_changes.log_horizon;
BEGIN
    LOCK TABLE pgtrickle_changes.log_horizon IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO pgtrickle_changes.log_horizon DEFAULT VALUES;
    SELECT * INTO horizon FROM pgtrickle_changes.log_horizon h WHERE h.taken_at < clock_timestamp() - p_keep ORDER BY h.taken_at DESC LIMIT 1;
    IF FOUND AND NOT horizon.is_trimmed THEN
        UPDATE pgtrickle_changes.log_horizon h SET is_trimmed = true WHERE h.taken_at = horizon.taken_at;
        DELETE FROM pgtrickle_changes.log l WHERE l.xid < pg_snapshot_xmin(horizon.snapshot);
        DELETE FROM pgtrickle_changes.log_horizon h WHERE h.taken_at < horizon.taken_at;
    END IF;
END $$;

-- One look at the change log: the tables with changes that p_since does not see, and whether the log still reaches back that far. In PL/pgSQL, which keeps its plans.
CREATE FUNCTION pgtrickle._detect_changes(p_since text, OUT snapshot text, OUT sources oid[], OUT everything bool)
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    since pg_snapshot := pgtrickle._snapshot_of(p_since);
    oldest xid8 := pg_snapshot_xmin(since);
BEGIN
    SELECT pgtrickle._snapshot_here(),
            ARRAY(SELECT DISTINCT c.source_relid
                FROM pgtrickle_changes.log l JOIN pgtrickle.captures c USING (capture_id)
                WHERE l.xid >= oldest AND NOT pg_visible_in_snapshot(l.xid, since)),
            since IS NULL OR EXISTS (
                SELECT FROM pgtrickle_changes.log_horizon h WHERE h.is_trimmed AND pg_snapshot_xmin(h.snapshot) > oldest)
        INTO snapshot, sources, everything;
END $$;

-- Called by users' sessions: in the views on buffers, and by the owner's function during setup.
GRANT EXECUTE ON FUNCTION pgtrickle.may_read(oid, smallint[]), pgtrickle._make_buffer(int, regclass) TO PUBLIC;
