using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql;
using PgTrickle.Sql.Printing;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Nodes;

/// <summary>Trees as text that is the same for trees that differ in the names of their relations alone, such as two readings of one WITH query.</summary>
internal static class CanonicalText
{
    private static readonly PlanNames Names = new("result", []);

    public static string Of(Operator tree)
    {
        var body = StateReader.SelectColumns(tree, StateReader.Present(new NameSource(), Names).Read(tree));
        return SqlPrinter.Print(new Renaming().Visit(body).AsQuery());
    }

    /// <summary>Names relations in the order in which they come up.</summary>
    private sealed class Renaming : SqlRewriter
    {
        private readonly Dictionary<SqlIdentifier, SqlIdentifier> _names = [];

        protected override SqlNode Leave(SqlNode node) => node switch
        {
            ColumnReference { Relation: { } relation } column => column with { Relation = Name(relation) },
            TableReference { Alias: { } alias } table => table with { Alias = Name(alias) },
            DerivedTable { Alias: { } alias } derived => derived with { Alias = Name(alias) },
            FunctionTable { Alias: { } alias } functions => functions with { Alias = Name(alias) },
            XmlTable { Alias: { } alias } xml => xml with { Alias = Name(alias) },
            JsonTable { Alias: { } alias } json => json with { Alias = Name(alias) },
            _ => node,
        };

        private TableAlias Name(TableAlias alias) => alias with { Name = Name(alias.Name) };

        private SqlIdentifier Name(SqlIdentifier name)
        {
            if (!_names.TryGetValue(name, out var canonical))
            {
                canonical = new SqlIdentifier(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"x{_names.Count + 1}"));
                _names.Add(name, canonical);
            }

            return canonical;
        }
    }
}
