using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Tests.Plans;

/// <summary>A catalog without a server, for tests of what the compiler makes of a text.</summary>
internal static class SampleCatalog
{
    private static readonly TypeInfo Int4 = WellKnownTypes.Integer;
    private static readonly TypeInfo Text = new(TypeFacts.Text, Name("pg_catalog", "text"));
    private static readonly TypeInfo Money = WellKnownTypes.NumericOfScale(2);
    private static readonly TypeInfo Float8 = new(TypeFacts.Float8, Name("pg_catalog", "float8"));
    private static readonly TypeInfo Date = new(TypeFacts.Date, Name("pg_catalog", "date"));

    private static readonly SyntaxList<FunctionInfo> Functions =
        new[] { "count", "sum", "avg", "min", "max", "jsonb_agg" }.Select(static (n, i) => new FunctionInfo((uint)(100 + i), Name("pg_catalog", n), FunctionKind.Aggregate, Volatility.Immutable))
            .Append(new FunctionInfo(99, Name("pg_catalog", "generate_series"), FunctionKind.Function, Volatility.Immutable) { ReturnsSet = true })
            .ToSyntaxList();

    public static CatalogSnapshot Snapshot { get; } = new(
        Relation(1, "customers", ["id"], ("id", Int4, true), ("name", Text, true), ("tier", Text, false)),
        Relation(2, "orders", ["id"], ("id", Int4, true), ("customer_id", Int4, false), ("amount", Money, true), ("qty", Int4, true), ("weight", Float8, false), ("day", Date, true)),
        Relation(3, "log", [], ("k", Int4, false), ("v", Text, false)),
        Relation(4, "places", [], ("id", Int4, false), ("name", Text, false)) with { Alone = Relation(4, "places", ["id"], ("id", Int4, true), ("name", Text, false)) with { IsAlone = true } },
        Relation(5, "items", ["order_id", "no"], ("order_id", Int4, true), ("no", Int4, true), ("price", Money, true)));

    /// <summary>The plan of a canonical text; output types are those of the columns of these names, else int4.</summary>
    public static CompiledPlan Compile(string text, CompileOptions? options = null) => Compiler.Compile(Analyse(text), Snapshot, options ?? new CompileOptions { Mode = RequestedMode.Differential });

    public static QueryAnalysis Analyse(string text)
    {
        var query = CanonicalSql.ParseQuery(text);
        var body = query.Body;
        while (body is SetOperation operation)
        {
            body = operation.Left;
        }

        var columns = ((SelectBody)body).Targets.Select(static t =>
        {
            var name = t.Alias ?? ((ColumnReference)t.Expression).Name;
            var known = Snapshot.Relations.SelectMany(static r => r.Columns).FirstOrDefault(c => c.Name == ((t.Expression as ColumnReference)?.Name ?? name));
            return new OutputColumn(name, known?.Type ?? WellKnownTypes.BigInteger);
        });
        return new QueryAnalysis(text, query, columns.ToSyntaxList(), Functions);
    }

    private static RelationInfo Relation(uint oid, string name, string[] key, params (string Name, TypeInfo Type, bool NotNull)[] columns)
        => new(oid, Name("public", name), RelationKind.Table, columns.Select(static (c, i) => new ColumnInfo((short)(i + 1), c.Name, c.Type, c.NotNull)).ToSyntaxList())
        {
            UniqueKeys = key.Length == 0 ? [] : [key.Select(static k => new SqlIdentifier(k)).ToSyntaxList()],
        };

    private static QualifiedName Name(string schema, string name) => new(new SqlIdentifier(schema), new SqlIdentifier(name));
}
