using System.Globalization;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Passes;

/// <summary>DISTINCT is a grouping by all columns without aggregates: one rule serves both, and its state is the group's count.</summary>
internal sealed class DistinctToAggregate : IPass
{
    public string Name => "distinct to aggregate";

    public Operator Apply(Operator root)
    {
        var count = 0;
        return root.Rewrite(o => o is Distinct distinct ? Convert(distinct, ++count) : o);
    }

    private static Project Convert(Distinct distinct, int number)
    {
        var columns = distinct.Columns;
        var inner = RelationNames.Of("g", number);
        var keys = columns.Select((c, i) => new ComputedColumn(string.Create(CultureInfo.InvariantCulture, $"k{i + 1}"), c.Reference, c.Type, c.NotNull));
        var aggregate = new Aggregate(inner, distinct.Input, keys.ToSyntaxList(), []);

        // What stands above refers to the columns by the name of the relation that was made distinct, so the projection takes it over, and the one below gets another.
        var alias = columns[0].Reference.Relation!;
        var below = RelationNames.Of("distinct", number);
        var renamed = aggregate with
        {
            Input = Renamed(distinct.Input, below),
            Keys = aggregate.Keys.Select((k, i) => k with { Expression = new ColumnReference(below, columns[i].Name) }).ToSyntaxList(),
        };
        return new Project(alias, renamed, columns.Zip(renamed.Columns, static (c, k) => new ComputedColumn(c.Name, k.Reference, k.Type, k.NotNull)).ToSyntaxList());
    }

    private static Operator Renamed(Operator source, SqlIdentifier alias) => source switch
    {
        Project project => project with { Alias = alias },
        UnionAll union => union with { Alias = alias },
        _ => new Project(alias, source, source.Columns.Select(static c => new ComputedColumn(c.Name, c.Reference, c.Type, c.NotNull)).ToSyntaxList()),
    };
}
