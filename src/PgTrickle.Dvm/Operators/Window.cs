using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>A call of a window function and the name of its value.</summary>
/// <param name="Name">The column's name.</param>
/// <param name="Call">The call over the input's columns; its window is spelled out, and its PARTITION BY is the operator's.</param>
/// <param name="Type">Its type, if known.</param>
internal sealed record WindowColumn(SqlIdentifier Name, FunctionCall Call, TypeInfo? Type)
{
    /// <summary>The window of the call.</summary>
    public WindowSpecification Window => (WindowSpecification)Call.Over!;

    /// <summary>Numbers of rows are never NULL, nor are counts.</summary>
    public bool NotNull => Call.Name is { Schema: null, Name.Value: "row_number" or "rank" or "dense_rank" or "percent_rank" or "cume_dist" or "count" };
}

/// <summary>Each input row with values of window functions that all have the same PARTITION BY; others are computed by a window below or above.</summary>
/// <param name="Alias">The relation's name.</param>
/// <param name="Input">The input.</param>
/// <param name="Kept">Columns of the input that come along.</param>
/// <param name="PartitionKeys">PARTITION BY; none if all rows are one partition.</param>
/// <param name="Calls">The calls.</param>
internal sealed record Window(
    SqlIdentifier Alias, Operator Input, SyntaxList<ComputedColumn> Kept, SyntaxList<ComputedColumn> PartitionKeys, SyntaxList<WindowColumn> Calls)
    : Operator, IPartitioned
{
    public override SyntaxList<BoundColumn> Columns =>
    [
        .. Kept.Select(k => new BoundColumn(new ColumnReference(Alias, k.Name), k.Type, k.NotNull)),
        .. Calls.Select(c => new BoundColumn(new ColumnReference(Alias, c.Name), c.Type, c.NotNull)),
    ];

    public override SyntaxList<Operator> Inputs => [Input];

    public override Operator WithInputs(SyntaxList<Operator> inputs) => ReferenceEquals(inputs[0], Input) ? this : this with { Input = inputs[0] };
}
