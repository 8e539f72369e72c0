using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>What becomes of a row that has partners.</summary>
internal enum MatchKind
{
    /// <summary>Rows with a partner stay: EXISTS, IN.</summary>
    Semi,

    /// <summary>Rows without a partner stay: NOT EXISTS, NOT IN.</summary>
    Anti,

    /// <summary>All rows stay, and a column tells whether there is a partner: EXISTS as a value.</summary>
    Mark,
}

/// <summary>The rows of the outer side, by whether some row of the inner side satisfies the predicate with them; how many do is of no consequence.</summary>
/// <param name="Kind">What becomes of rows with partners.</param>
/// <param name="Alias">The relation of the mark.</param>
/// <param name="Outer">The rows.</param>
/// <param name="Inner">The partners.</param>
/// <param name="Predicate">The condition over both sides; NULL is as good as false.</param>
internal sealed record Match(MatchKind Kind, SqlIdentifier Alias, Operator Outer, Operator Inner, SqlExpression Predicate) : Operator
{
    /// <summary>The column that a mark adds.</summary>
    public ColumnReference Mark => new(Alias, "mark");

    public override SyntaxList<BoundColumn> Columns
        => Kind == MatchKind.Mark ? [.. Outer.Columns, new BoundColumn(Mark, WellKnownTypes.Boolean, NotNull: true)] : Outer.Columns;

    public override SyntaxList<Operator> Inputs => [Outer, Inner];

    public override Operator WithInputs(SyntaxList<Operator> inputs)
        => ReferenceEquals(inputs[0], Outer) && ReferenceEquals(inputs[1], Inner) ? this : this with { Outer = inputs[0], Inner = inputs[1] };
}
