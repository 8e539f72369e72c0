namespace PgTrickle.Postgres.Compilation;

/// <summary>
/// What is read from the catalog to compile a stream table: each of them by $1, its pgt_id, so that one batch asks for all. Everything by OID: the role
/// pgtrickle may not have USAGE on the schemas.
/// </summary>
internal static class CatalogQueries
{
    /// <summary>The relations that a definition reads, views and what is beneath them.</summary>
    private const string WithRelations = """
        WITH RECURSIVE relations(oid) AS (
            SELECT (r.value ->> 'oid')::oid
            FROM pgtrickle.stream_tables d CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(d.analysis -> 'relations') AS r(value)
            WHERE d.pgt_id = $1
        )
        """;

    /// <summary>The definition, with the OIDs of relations (views and what is beneath them) and functions found when it was created.</summary>
    public const string Definition = """
        SELECT d.definition_version, n.nspname, c.relname, d.defining_query, d.refresh_mode,
            coalesce((SELECT s.value FROM pgtrickle.settings s WHERE s.name = 'volatile_function_policy'), 'reject'),
            coalesce((SELECT s.value::int FROM pgtrickle.settings s WHERE s.name = 'max_parse_depth'), 64),
            ARRAY(SELECT (r.value ->> 'oid')::bigint FROM jsonb_array_elements(d.analysis -> 'relations') AS r(value)),
            ARRAY(SELECT (f.value ->> 'oid')::bigint FROM jsonb_array_elements(d.analysis -> 'functions') AS f(value)),
            ARRAY(SELECT o.value ->> 'name' FROM jsonb_array_elements(d.analysis -> 'columns') WITH ORDINALITY AS o(value, n) ORDER BY o.n),
            ARRAY(SELECT (o.value ->> 'type_oid')::bigint FROM jsonb_array_elements(d.analysis -> 'columns') WITH ORDINALITY AS o(value, n) ORDER BY o.n),
            ARRAY(SELECT (o.value ->> 'typmod')::int FROM jsonb_array_elements(d.analysis -> 'columns') WITH ORDINALITY AS o(value, n) ORDER BY o.n),
            ARRAY(SELECT coalesce(k.collisdeterministic, true)
                FROM jsonb_array_elements(d.analysis -> 'columns') WITH ORDINALITY AS o(value, n)
                LEFT JOIN pg_catalog.pg_collation k ON k.oid = (o.value ->> 'collation_oid')::oid ORDER BY o.n),
            coalesce((SELECT s.value::int FROM pgtrickle.settings s WHERE s.name = 'max_grouping_set_branches'), 64),
            d.run_name
        FROM pgtrickle.stream_tables d
        JOIN pg_catalog.pg_class c ON c.oid = d.pgt_relid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE d.pgt_id = $1
        """;

    /// <summary>The definition, and old and present names of relations in it that have another name than when it was read.</summary>
    public const string Renamed = """
        SELECT d.defining_query, r.value ->> 'schema', r.value ->> 'name', n.nspname, c.relname
        FROM pgtrickle.stream_tables d
        CROSS JOIN LATERAL jsonb_array_elements(d.analysis -> 'relations') AS r(value)
        JOIN pg_catalog.pg_class c ON c.oid = (r.value ->> 'oid')::oid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE d.pgt_id = $1 AND (n.nspname, c.relname) IS DISTINCT FROM (r.value ->> 'schema', r.value ->> 'name')
        """;

    /// <summary>
    /// A relation whose changes cannot be captured (system catalogs, unlogged tables, which a crash empties, trees with foreign tables) counts as a
    /// foreign table.
    /// </summary>
    public const string Relations = WithRelations + """

        SELECT c.oid::bigint, n.nspname, c.relname,
            CASE WHEN c.relkind IN ('r', 'p') AND (c.oid < 16384 OR c.relpersistence <> 'p' OR EXISTS (
                    SELECT FROM pg_catalog.pg_class m WHERE m.oid = ANY (pgtrickle._tree(c.oid)) AND (m.relkind = 'f' OR m.relpersistence <> 'p')))
                THEN 'f' ELSE c.relkind END::text,
            EXISTS (SELECT FROM pgtrickle.stream_tables s WHERE s.pgt_relid = c.oid),
            CASE WHEN c.relkind = 'v' THEN pgtrickle._viewdef(c.oid) END,
            CASE WHEN c.relkind = 'v' THEN ARRAY(SELECT f::bigint FROM pgtrickle._rule_functions(c.oid) AS f) ELSE '{}' END,
            c.relkind = 'r' AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid)
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = ANY (ARRAY(SELECT r.oid FROM relations r))
        """;

    /// <summary>NOT NULL of views means nothing.</summary>
    public const string Columns = WithRelations + """

        SELECT a.attrelid::bigint, a.attnum, a.attname, a.atttypid::bigint, a.atttypmod, coalesce(k.collisdeterministic, true),
            pgtrickle._is_not_null(a) AND c.relkind IN ('r', 'p')
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_catalog.pg_collation k ON k.oid = a.attcollation
        WHERE a.attrelid = ANY (ARRAY(SELECT r.oid FROM relations r)) AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attrelid, a.attnum
        """;

    /// <summary>Keys: unique, immediate, valid, without predicate and expression, all columns NOT NULL, and all of them the owner's to read: a delta may use a key that the query does not.</summary>
    public const string Keys = WithRelations + """

        SELECT i.indrelid::bigint, ARRAY(
            SELECT a.attname::text FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k(attnum, place)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
            WHERE k.place <= i.indnkeyatts ORDER BY k.place)
        FROM pg_catalog.pg_index i
        CROSS JOIN (
            SELECT c.relowner FROM pgtrickle.stream_tables d JOIN pg_catalog.pg_class c ON c.oid = d.pgt_relid WHERE d.pgt_id = $1) AS t
        WHERE i.indrelid = ANY (ARRAY(SELECT r.oid FROM relations r)) AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
            AND NOT EXISTS (
                SELECT FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k(attnum, place)
                JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
                WHERE k.place <= i.indnkeyatts
                    AND NOT (pgtrickle._is_not_null(a) AND pg_catalog.has_column_privilege(t.relowner, a.attrelid, a.attnum, 'SELECT')))
        ORDER BY i.indisprimary DESC, i.indexrelid
        """;

    /// <summary>The functions that the definition and the views in it call.</summary>
    public const string Functions = WithRelations + """

        SELECT p.oid::bigint, n.nspname, p.proname, p.prokind::text, coalesce(g.aggkind::text, ''), p.provolatile::text, p.proisstrict, p.proretset,
            p.prorettype IN ('pg_catalog.record'::pg_catalog.regtype, 'pg_catalog.record[]'::pg_catalog.regtype)
        FROM pg_catalog.pg_proc p
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        LEFT JOIN pg_catalog.pg_aggregate g ON g.aggfnoid = p.oid
        WHERE p.oid = ANY (ARRAY(
            SELECT (f.value ->> 'oid')::oid
            FROM pgtrickle.stream_tables d CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(d.analysis -> 'functions') AS f(value)
            WHERE d.pgt_id = $1
            UNION
            SELECT f.oid FROM relations r JOIN pg_catalog.pg_class c ON c.oid = r.oid AND c.relkind = 'v' CROSS JOIN LATERAL pgtrickle._rule_functions(c.oid) AS f(oid)))
        """;

    /// <summary>
    /// The types of the relations' columns and of the query's. A type's operator classes are those of all it is made of: domains of their base, arrays of elements, rows of fields. Ranges
    /// and enums have theirs.
    /// </summary>
    public const string Types = WithRelations + """
        ,
        roots(oid) AS (
            SELECT a.atttypid FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = ANY (ARRAY(SELECT r.oid FROM relations r)) AND a.attnum > 0 AND NOT a.attisdropped
            UNION
            SELECT (o.value ->> 'type_oid')::oid
            FROM pgtrickle.stream_tables d CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(d.analysis -> 'columns') AS o(value)
            WHERE d.pgt_id = $1
        ),
        base(root, oid, modifier) AS (
            SELECT t.oid, t.oid, -1 FROM pg_catalog.pg_type t WHERE t.oid = ANY (ARRAY(SELECT r.oid FROM roots r))
            UNION ALL
            SELECT b.root, t.typbasetype, t.typtypmod FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid WHERE t.typtype = 'd'
        ),
        part(root, oid) AS (
            SELECT t.oid, t.oid FROM pg_catalog.pg_type t WHERE t.oid = ANY (ARRAY(SELECT r.oid FROM roots r))
            UNION
            SELECT p.root, piece.oid
            FROM part p
            JOIN pg_catalog.pg_type t ON t.oid = p.oid
            CROSS JOIN LATERAL (
                SELECT t.typbasetype WHERE t.typtype = 'd'
                UNION ALL SELECT t.typelem WHERE t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc
                UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
                    WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
            ) AS piece(oid)
        ),
        capable AS (
            SELECT p.root, bool_and(t.typtype IN ('d', 'c', 'e', 'r', 'm') OR t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc
                    OR EXISTS (SELECT FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod
                        WHERE o.opcdefault AND m.amname = 'btree' AND (o.opcintype = t.oid OR EXISTS (
                            SELECT FROM pg_catalog.pg_cast k WHERE k.castsource = t.oid AND k.casttarget = o.opcintype AND k.castmethod = 'b' AND k.castcontext = 'i')))
                    ) AS is_ordered,
                bool_and(t.typtype IN ('d', 'c', 'e', 'r', 'm') OR t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc
                    OR EXISTS (SELECT FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod
                        WHERE o.opcdefault AND m.amname = 'hash' AND (o.opcintype = t.oid OR EXISTS (
                            SELECT FROM pg_catalog.pg_cast k WHERE k.castsource = t.oid AND k.casttarget = o.opcintype AND k.castmethod = 'b' AND k.castcontext = 'i')))
                    ) AS is_hashable
            FROM part p JOIN pg_catalog.pg_type t ON t.oid = p.oid
            GROUP BY p.root
        )
        SELECT t.oid::bigint, n.nspname, t.typname, b.oid::bigint, b.modifier, u.typtype::text, c.is_ordered, c.is_hashable,
            CASE WHEN u.typtype = 'b' AND u.typnamespace <> 'pg_catalog'::regnamespace THEN (
                SELECT ARRAY[s.nspname::text, o.oprname::text]
                FROM pg_catalog.pg_opclass k JOIN pg_catalog.pg_am m ON m.oid = k.opcmethod
                JOIN pg_catalog.pg_amop p ON p.amopfamily = k.opcfamily AND p.amoplefttype = k.opcintype AND p.amoprighttype = k.opcintype
                JOIN pg_catalog.pg_operator o ON o.oid = p.amopopr JOIN pg_catalog.pg_namespace s ON s.oid = o.oprnamespace
                WHERE k.opcdefault AND k.opcintype = u.oid AND (m.amname, p.amopstrategy) IN (('btree', 3), ('hash', 1))
                ORDER BY m.amname LIMIT 1) END
        FROM pg_catalog.pg_type t
        JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        JOIN base b ON b.root = t.oid
        JOIN pg_catalog.pg_type u ON u.oid = b.oid AND u.typtype <> 'd'
        JOIN capable c ON c.root = t.oid
        """;
}
