using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>An aggregate call and the name of its value.</summary>
/// <param name="Name">The column's name.</param>
/// <param name="Call">The call, over the input's columns.</param>
/// <param name="Type">Its type, if known.</param>
internal sealed record AggregateColumn(SqlIdentifier Name, FunctionCall Call, TypeInfo? Type)
{
    /// <summary>count never yields NULL, nearly all others do over nothing.</summary>
    public bool NotNull => Call.Name.Name.Value == "count" && Call.Name.Schema is null;
}

/// <summary>One row a group; without keys exactly one row, also over nothing.</summary>
internal sealed record Aggregate(SqlIdentifier Alias, Operator Input, SyntaxList<ComputedColumn> Keys, SyntaxList<AggregateColumn> Aggregates)
    : Operator, IPartitioned
{
    public SyntaxList<ComputedColumn> PartitionKeys => Keys;

    public override SyntaxList<BoundColumn> Columns =>
    [
        .. Keys.Select(k => new BoundColumn(new ColumnReference(Alias, k.Name), k.Type, k.NotNull)),
        .. Aggregates.Select(a => new BoundColumn(new ColumnReference(Alias, a.Name), a.Type, a.NotNull)),
    ];

    public override SyntaxList<Operator> Inputs => [Input];

    public override Operator WithInputs(SyntaxList<Operator> inputs) => ReferenceEquals(inputs[0], Input) ? this : this with { Input = inputs[0] };
}
