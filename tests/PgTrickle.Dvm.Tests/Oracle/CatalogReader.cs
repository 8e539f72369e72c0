using Npgsql;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql;
using PgTrickle.Sql.Syntax;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Dvm.Tests.Oracle;

/// <summary>Reads what the compiler needs to know of a query from a server, by way of a view. The product has a reader of its own, over its catalog.</summary>
internal static class CatalogReader
{
    public static async Task<(QueryAnalysis Analysis, CatalogSnapshot Catalog)> ReadAsync(NpgsqlConnection connection, string query, string view)
    {
        await connection.ExecuteAsync($"CREATE VIEW {view} AS {query}");
        var oid = await connection.ScalarAsync<long>("SELECT $1::regclass::oid::bigint", view);
        var relations = new Dictionary<long, RelationInfo>();
        await CollectAsync(connection, oid, relations);
        var self = relations[oid];
        relations.Remove(oid);
        var columns = self.Columns.Select(static c => new OutputColumn(c.Name, c.Type)).ToSyntaxList();
        return (new QueryAnalysis(await TextAsync(connection, oid), self.ViewQuery!, columns, self.ViewFunctions), new CatalogSnapshot(relations.Values));
    }

    private static async Task<string> TextAsync(NpgsqlConnection connection, long oid)
    {
        await connection.ExecuteAsync("SET search_path = ''");
        var text = await connection.ScalarAsync<string>("SELECT pg_catalog.pg_get_viewdef($1::oid, false)", oid);
        await connection.ExecuteAsync("RESET search_path");
        return text!;
    }

    private static async Task CollectAsync(NpgsqlConnection connection, long oid, Dictionary<long, RelationInfo> relations)
    {
        if (relations.ContainsKey(oid))
        {
            return;
        }

        var head = (await connection.QueryAsync(
            "SELECT n.nspname::text, c.relname::text, c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::oid", oid)).Rows[0];
        var kind = (string)head[2]! switch
        {
            "v" => RelationKind.View,
            "m" => RelationKind.MaterializedView,
            "p" => RelationKind.Partitioned,
            "f" => RelationKind.Foreign,
            _ => RelationKind.Table,
        };
        var columns = await connection.QueryAsync(ColumnsSql, oid);
        var keys = await connection.QueryAsync(KeysSql, oid);
        var relation = new RelationInfo(
            (uint)oid,
            new QualifiedName(new SqlIdentifier((string)head[0]!), new SqlIdentifier((string)head[1]!)),
            kind,
            columns.Rows.Select(static r => new ColumnInfo((short)r[0]!, new SqlIdentifier((string)r[1]!), TypeOf(r), (bool)r[2]!)).ToSyntaxList())
        {
            UniqueKeys = keys.Rows.Select(static r => ((string[])r[0]!).Select(static n => new SqlIdentifier(n)).ToSyntaxList()).ToSyntaxList(),
        };
        if (kind == RelationKind.View)
        {
            relation = relation with
            {
                ViewQuery = CanonicalSql.ParseQuery(await TextAsync(connection, oid)),
                ViewFunctions = await FunctionsAsync(connection, oid),
            };
        }

        relations.Add(oid, relation);
        foreach (var used in (await connection.QueryAsync(UsedSql, oid)).Column<long>())
        {
            await CollectAsync(connection, used, relations);
        }
    }

    private static TypeInfo TypeOf(IReadOnlyList<object?> row) => new(
        (uint)(long)row[3]!, new QualifiedName(new SqlIdentifier((string)row[4]!), new SqlIdentifier((string)row[5]!)))
    {
        Modifier = (int)row[6]!,
        BaseOid = (uint)(long)row[7]!,
        Kind = ((string)row[8]!)[0],
        HasEquality = (bool)row[9]! || (bool)row[10]!,
        IsOrdered = (bool)row[9]!,
        IsHashable = (bool)row[10]!,
        CollationIsDeterministic = (bool)row[11]!,
    };

    private static async Task<SyntaxList<FunctionInfo>> FunctionsAsync(NpgsqlConnection connection, long oid)
        => (await connection.QueryAsync(FunctionsSql, oid)).Rows.Select(static r => new FunctionInfo(
            (uint)(long)r[0]!,
            new QualifiedName(new SqlIdentifier((string)r[1]!), new SqlIdentifier((string)r[2]!)),
            (string)r[3]! switch { "a" => FunctionKind.Aggregate, "w" => FunctionKind.Window, _ => FunctionKind.Function },
            (string)r[4]! switch { "i" => Volatility.Immutable, "s" => Volatility.Stable, _ => Volatility.Volatile })
        {
            ReturnsSet = (bool)r[5]!,
        }).ToSyntaxList();

    private const string UsedSql = """
        SELECT DISTINCT d.refobjid::bigint FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        WHERE r.ev_class = $1::oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> $1::oid AND r.rulename = '_RETURN'
        """;

    private const string KeysSql = """
        SELECT ARRAY(SELECT a.attname::text FROM unnest(i.indkey::smallint[]) k JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k)
        FROM pg_index i WHERE i.indrelid = $1::oid AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL
            AND NOT EXISTS (SELECT FROM unnest(i.indkey::smallint[]) k JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k WHERE NOT a.attnotnull)
        ORDER BY i.indexrelid
        """;

    private const string FunctionsSql = """
        SELECT p.oid::bigint, n.nspname::text, p.proname::text, p.prokind::text, p.provolatile::text, p.proretset
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.oid IN (SELECT m[1]::oid FROM pg_rewrite r, regexp_matches(r.ev_action::text, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') m
            WHERE r.ev_class = $1::oid AND m[1] <> '0')
        """;

    // Operator classes of arrays are those of their elements; rows and domains are not needed here.
    private const string ColumnsSql = """
        SELECT a.attnum, a.attname::text, a.attnotnull, a.atttypid::bigint, n.nspname::text, t.typname::text, a.atttypmod,
            CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END::bigint, t.typtype::text,
            EXISTS (SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod WHERE o.opcdefault AND m.amname = 'btree' AND (o.opcintype = e.oid
                OR EXISTS (SELECT FROM pg_cast k WHERE k.castsource = e.oid AND k.casttarget = o.opcintype AND k.castmethod = 'b' AND k.castcontext = 'i'))) OR t.typtype = 'e',
            EXISTS (SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod WHERE o.opcdefault AND m.amname = 'hash' AND (o.opcintype = e.oid
                OR EXISTS (SELECT FROM pg_cast k WHERE k.castsource = e.oid AND k.casttarget = o.opcintype AND k.castmethod = 'b' AND k.castcontext = 'i'))) OR t.typtype = 'e',
            coalesce(l.collisdeterministic, true)
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace n ON n.oid = t.typnamespace
        JOIN pg_type e ON e.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype WHEN t.typcategory = 'A' THEN t.typelem ELSE t.oid END
        LEFT JOIN pg_collation l ON l.oid = a.attcollation
        WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
        """;
}
