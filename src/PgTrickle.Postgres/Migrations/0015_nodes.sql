-- Nodes: the tables in which a plan keeps what parts of the query yield. They belong to the stream table's owner, who makes them in his function, and stand beside
-- it in schema pgtrickle_run: <run_name>_n1, _n2 ... hold rows, <run_name>_d1, _d2 ... what a refresh changes in them, for as long as it runs.

-- What has the name of a node of a stream table, whoever made it: anybody may create in that schema, and names of functions are known.
CREATE FUNCTION pgtrickle._node_names(p_run_name text) RETURNS TABLE (relid oid, relkind "char", relowner oid)
    LANGUAGE plpgsql STABLE ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT c.oid, c.relkind, c.relowner FROM pg_class c
        WHERE c.relnamespace = 'pgtrickle_run'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
            -- All names that begin with the function's and an underscore, as a range of the index: the grave accent comes next.
            AND c.relname >= (p_run_name || '_')::name AND c.relname < (p_run_name || '`')::name
            AND substr(c.relname::text, length(p_run_name) + 1) ~ '^_[nd][0-9]+$';
END $$;

-- Drops them; pgtrickle owns their schema, which suffices. Whatever depends on a table of which nobody was told goes with it.
CREATE FUNCTION pgtrickle._drop_nodes(p_run_name text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    node record;
BEGIN
    FOR node IN
        SELECT n.relid::regclass AS name, CASE n.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'S' THEN 'SEQUENCE'
            ELSE 'TABLE' END AS kind FROM pgtrickle._node_names(p_run_name) AS n
    LOOP
        EXECUTE format('DROP %s IF EXISTS %s CASCADE', node.kind, node.name);
    END LOOP;
END $$;

-- Run by the owner right after he has made them: nobody writes to them but refreshes, and nobody else reads them, whatever his default privileges say.
CREATE FUNCTION pgtrickle._seal_nodes(p_run_name text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    node pg_catalog.regclass;
    grantee text;
BEGIN
    FOR node IN SELECT n.relid FROM pgtrickle._node_names(p_run_name) AS n WHERE n.relowner = CURRENT_USER::pg_catalog.regrole LOOP
        EXECUTE pg_catalog.format('CREATE TRIGGER pgtrickle_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
            'FOR EACH STATEMENT EXECUTE FUNCTION pgtrickle.guard()', node);
        FOR grantee IN
            SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::pg_catalog.regrole::text END
            FROM pg_catalog.pg_class c CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS a WHERE c.oid = node AND a.grantee <> c.relowner GROUP BY a.grantee
        LOOP
            EXECUTE pg_catalog.format('REVOKE ALL ON %s FROM %s', node, grantee);
        END LOOP;
    END LOOP;
END $$;

-- The statements that make the tables of a plan and fill them, once those of the plan before are gone.
CREATE FUNCTION pgtrickle._fresh_statements(p_pgt_id bigint, p_setup text[], p_fill text[]) RETURNS text[]
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    run text := (SELECT d.run_name FROM pgtrickle.stream_tables d WHERE d.pgt_id = p_pgt_id);
BEGIN
    PERFORM pgtrickle._drop_nodes(run);
    RETURN p_setup
        || CASE WHEN EXISTS (SELECT FROM unnest(p_setup) AS s(statement) WHERE s.statement ^@ 'CREATE TABLE ') THEN ARRAY[format('SELECT pgtrickle._seal_nodes(%L)', run)] END
        || p_fill;
END $$;

-- Which tables there are and in what state, by the versions of their rows in the catalog: another state than that after the last first fill means that
-- somebody else has emptied, changed or replaced one. NULL if there are none.
CREATE FUNCTION pgtrickle._node_stamp(p_relids oid[], p_owner oid) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN (
        SELECT md5(string_agg(concat_ws(':', c.oid, c.xmin, c.relname, c.relowner = p_owner,
                (SELECT bit_xor(hashtextextended(concat(a.attnum, ':', a.xmin), 0)) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0),
                -- The guard was off, if it is not as it was made.
                (SELECT bit_xor(hashtextextended(concat(g.oid, ':', g.xmin), 0)) FROM pg_trigger g WHERE g.tgrelid = c.oid),
                (SELECT bit_xor(hashtextextended(concat(i.indexrelid, ':', i.xmin), 0)) FROM pg_index i WHERE i.indrelid = c.oid)), ',' ORDER BY c.oid))
        FROM pg_class c WHERE c.oid = ANY (p_relids));
END $$;

-- Whether the tables are those that the last first fill left.
CREATE FUNCTION pgtrickle._has_nodes(p_pgt_id bigint, p_relids oid[], p_stamp text) RETURNS bool
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN p_relids = '{}' OR p_stamp IS NOT DISTINCT FROM (
        SELECT pgtrickle._node_stamp(p_relids, c.relowner) FROM pgtrickle.stream_tables d JOIN pg_class c ON c.oid = d.pgt_relid WHERE d.pgt_id = p_pgt_id);
END $$;

GRANT EXECUTE ON FUNCTION pgtrickle._node_names(text), pgtrickle._seal_nodes(text) TO PUBLIC;
