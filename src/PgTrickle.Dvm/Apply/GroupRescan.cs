using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>Reads touched groups again: the aggregate's input restricted to their keys, so that an index on the key is used.</summary>
internal static class GroupRescan
{
    private static readonly SqlIdentifier Rows = new("r");

    /// <summary>The number of each group that still has rows, and values of aggregate calls over it.</summary>
    /// <param name="aggregate">The aggregate.</param>
    /// <param name="input">N of its input.</param>
    /// <param name="groups">The table of touched groups, with their number and keys.</param>
    /// <param name="number">The column of the number.</param>
    /// <param name="keyName">The columns of the keys.</param>
    /// <param name="values">Expressions over the input's columns, aggregates in them.</param>
    /// <param name="condition">Which of the groups.</param>
    public static SelectBody Of(
        Aggregate aggregate,
        Fragment input,
        SqlIdentifier groups,
        SqlIdentifier number,
        Func<int, SqlIdentifier> keyName,
        IReadOnlyList<(SqlExpression Call, SqlIdentifier Name)> values,
        SqlExpression? condition)
    {
        var keys = aggregate.Keys.Select((k, i) => new KeyColumn(keyName(i), input.Resolve(k.Expression), k.Type, k.NotNull)).ToList();
        var branches = KeyMatch.Restrict(input, groups, groups, keys, condition).ToList();
        if (branches is [var only])
        {
            return only.Select([Column(groups, number).As(number), .. values.Select(v => only.Resolve(v.Call).As(v.Name))]) with
            {
                GroupBy = GroupBy(Column(groups, number)),
            };
        }

        var columns = values.SelectMany(static v => Passes.Expressions.References(v.Call)).Distinct().ToList();
        var union = UnionAll(branches.Select(b => b.Select(
            columns.Select((c, i) => b.Resolve((SqlExpression)c).As(NameSource.ColumnName(i))).Prepend(Column(groups, number).As(number)))));
        var rows = Fragment.Of(Derived(union.AsQuery(), Rows)) with { Columns = DeltaContext.Renaming(columns, Rows) };
        return rows.Select([Column(Rows, number).As(number), .. values.Select(v => rows.Resolve(v.Call).As(v.Name))]) with
        {
            GroupBy = GroupBy(Column(Rows, number)),
        };
    }
}
