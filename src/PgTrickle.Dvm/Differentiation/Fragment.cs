using System.Collections.Immutable;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// A SELECT in the making: FROM, WHERE, a weight, and where the columns of the bound tree are found. Fragments are combined as long as they can be, so that
/// what PostgreSQL gets to plan is one flat join and not a pile of subqueries.
/// </summary>
/// <param name="From">FROM; null for the single row without columns.</param>
/// <param name="Where">Conjuncts of WHERE, already over this fragment's columns.</param>
/// <param name="Weight">The rows' weight; null for 1, as in a table.</param>
/// <param name="Columns">Columns of the bound tree that are found under other names here, or are computed. All others keep theirs.</param>
internal sealed record Fragment(
    FromItem? From,
    SyntaxList<SqlExpression> Where,
    SqlExpression? Weight,
    ImmutableDictionary<ColumnReference, SqlExpression> Columns)
{
    public static Fragment Of(FromItem? from, SqlExpression? weight = null)
        => new(from, [], weight, ImmutableDictionary<ColumnReference, SqlExpression>.Empty);

    /// <summary>An expression of the bound tree over what this fragment has.</summary>
    public T Resolve<T>(T expression)
        where T : SqlNode
        => expression.Substitute(Columns);

    /// <summary>The rows that satisfy a predicate of the bound tree.</summary>
    public Fragment Filtered(SqlExpression predicate) => this with { Where = Where.AddRange(Resolve(predicate).Conjuncts()) };

    /// <summary>The rows that satisfy a condition over this fragment's own columns.</summary>
    public Fragment Restricted(SqlExpression condition) => this with { Where = Where.AddRange(condition.Conjuncts()) };

    /// <summary>The same rows with computed columns.</summary>
    public Fragment Projected(SqlIdentifier alias, IEnumerable<(SqlIdentifier Name, SqlExpression Expression)> outputs)
        => this with { Columns = Columns.SetItems(outputs.Select(o => KeyValuePair.Create(new ColumnReference(alias, o.Name), Resolve(o.Expression)))) };

    /// <summary>The rows with their weights negated.</summary>
    public Fragment Negated() => this with { Weight = Negate(Weight ?? Integer(1)) };

    /// <summary>The rows with their weights multiplied by an expression of the bound tree, and without those for which it is 0 or less.</summary>
    public Fragment Repeated(SqlExpression times)
    {
        var copies = Resolve(times);
        return Restricted(Greater(copies, Integer(0))) with { Weight = Multiply(Weight ?? Integer(1), copies) };
    }

    /// <summary>All pairs that satisfy a predicate of the bound tree; weights multiply.</summary>
    public Fragment Joined(Fragment right, SqlExpression predicate)
    {
        var columns = Columns.SetItems(right.Columns);
        var on = predicate.Substitute(columns);
        var from = (From, right.From) switch
        {
            (null, var other) => other,
            (var other, null) => other,
            var (l, r) => on == True ? CrossJoin(l, r) : Join(l, r, on),
        };
        var residue = From is null || right.From is null ? on.Conjuncts() : [];
        var weight = (Weight, right.Weight) switch
        {
            (null, var other) => other,
            (var other, null) => other,
            var (l, r) => Multiply(l, r),
        };
        return new Fragment(from, [.. Where, .. right.Where, .. residue], weight, columns);
    }

    /// <summary>
    /// Each row with its partners, or padded with NULLs. The right side must have no computed columns and no weight; its WHERE becomes part of the condition.
    /// </summary>
    public Fragment LeftJoined(Fragment right, SqlExpression predicate)
    {
        var columns = Columns.SetItems(right.Columns);
        var on = And([.. predicate.Substitute(columns).Conjuncts(), .. right.Where]);
        return new Fragment(Join(From!, right.From!, on, JoinKind.Left), Where, Weight, columns);
    }

    /// <summary>Whether a row has a partner that satisfies a predicate of the bound tree.</summary>
    public SqlExpression HasPartner(Fragment partners, SqlExpression predicate) => Exists(Partners(partners, predicate).AsQuery());

    /// <summary>A SELECT without targets of the partners of a row; to stand where the row is in scope.</summary>
    public SelectBody Partners(Fragment partners, SqlExpression predicate)
        => partners.Restricted(predicate.Substitute(Columns.SetItems(partners.Columns))).Select().Substitute(Columns);

    /// <summary>A SELECT of expressions over this fragment's own columns.</summary>
    public SelectBody Select(params IEnumerable<SelectTarget> targets)
        => new(targets.ToSyntaxList()) { From = From is null ? [] : [From], Where = Where.IsEmpty ? null : And(Where) };
}
