-- A database that was restored from a dump: its tables have other OIDs than those that the catalog knows.

-- The OID of a table that every installation has, as a number: a dump writes it as it is, and where it is restored the table has another.
CREATE TABLE pgtrickle.origin (
    catalog_oid oid NOT NULL
);
INSERT INTO pgtrickle.origin VALUES ('pgtrickle.stream_tables'::regclass);

-- Relations of an analysis by the names that they had; without those that are not there.
CREATE FUNCTION pgtrickle._relations_by_name(p_relations jsonb) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(r.value || jsonb_build_object('oid', c.oid::int8)), '[]')
    FROM jsonb_array_elements(p_relations) AS r JOIN pg_class c ON c.oid = to_regclass(format('%I.%I', r.value ->> 'schema', r.value ->> 'name'))
$$;

-- For nodes: settles in where everything has another OID, once. Stream tables and what they read are known by name; captures and plans are made anew, and what
-- the old captures left behind goes with the next clean-up. Returns whether there was reason to.
CREATE FUNCTION pgtrickle._settle_in() RETURNS bool
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (SELECT o.catalog_oid FROM pgtrickle.origin o) = 'pgtrickle.stream_tables'::regclass THEN
        RETURN false;
    END IF;
    UPDATE pgtrickle.origin o SET catalog_oid = 'pgtrickle.stream_tables'::regclass WHERE o.catalog_oid <> 'pgtrickle.stream_tables'::regclass;
    IF NOT FOUND THEN
        RETURN false; -- Another node was faster.
    END IF;
    DELETE FROM pgtrickle.plans;
    DELETE FROM pgtrickle.capture_consumers;
    UPDATE pgtrickle.captures SET status = 'RETIRING', source_relid = 0;
    -- Rows of transactions that this server has not had yet.
    DELETE FROM pgtrickle_changes.log;
    DELETE FROM pgtrickle_changes.log_horizon;
    DELETE FROM pgtrickle.catalog_log;
    DELETE FROM pgtrickle.reserved_ids;
    UPDATE pgtrickle.stream_tables s
        SET owner_role = coalesce((SELECT c.relowner FROM pg_class c WHERE c.oid = s.pgt_relid), s.owner_role), definition_version = s.definition_version + 1,
            analysis = s.analysis || jsonb_build_object('relations', pgtrickle._relations_by_name(s.analysis -> 'relations'));
    PERFORM pgtrickle._write_dependencies(s.pgt_id, s.analysis) FROM pgtrickle.stream_tables s;
    UPDATE pgtrickle.stream_table_state SET needs_reinit = is_populated, verified_stamp = NULL, node_relids = '{}', node_stamp = NULL, shape_indexes = NULL;
    RETURN true;
END $$;
