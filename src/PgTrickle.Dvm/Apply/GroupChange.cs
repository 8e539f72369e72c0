using PgTrickle.Dvm.Differentiation;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>The change of groups that are known with their stored row and their new values.</summary>
internal static class GroupChange
{
    /// <summary>The alias of the groups: tid, the stored columns as x1, x2 ..., and what the new values are made of.</summary>
    public static SqlIdentifier Alias { get; } = new("m");

    public static SqlIdentifier StoredName(int place) => new("x" + NameSource.ColumnName(place).Value[1..]);

    /// <summary>The stored row of a group, beside its number and keys.</summary>
    public static IEnumerable<SelectTarget> StoredRow(StoredResult result)
        => result.Columns.Select(static (c, i) => Target.Stored(c).As(StoredName(i))).Prepend(Target.Ctid.As(Target.Tid));

    /// <summary>The rows of the change; groups that are what they were drop out.</summary>
    /// <param name="result">What is stored.</param>
    /// <param name="groups">The groups, under <see cref="Alias"/>.</param>
    /// <param name="values">The new value of each stored column.</param>
    /// <param name="keep">Whether the group exists now.</param>
    /// <param name="keys">Places of key columns, which stay as they are.</param>
    /// <param name="names">Names.</param>
    public static SelectBody Of(
        StoredResult result, FromItem groups, IReadOnlyList<SqlExpression> values, SqlExpression keep, SyntaxList<int> keys, PlanNames names)
    {
        SqlExpression Of(SqlIdentifier name) => Column(Alias, name);
        var differs = Enumerable.Range(0, result.Columns.Count).Where(i => !keys.Contains(i))
            .Select(i => Consolidation.Differs(values[i], Of(StoredName(i)), result.Columns[i].Type));
        var isNew = IsNull(Of(Target.Tid));
        var targets = values.Select(static (o, i) => o.As(Target.New(i))).Prepend(keep.As(Target.Keep)).Prepend(Of(Target.Tid).As(Target.Tid));
        var olds = names.Buffer is null ? [] : result.VisibleColumns.Select(i => Of(StoredName(i)).As(Target.Old(i)));
        return Select([.. targets, .. olds]) with
        {
            From = [groups],
            Where = keep == True ? Or([isNew, .. differs]) : Or([And(isNew, keep), And(Not(isNew), Or([Not(keep), .. differs]))]),
        };
    }
}
