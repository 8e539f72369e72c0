using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>A computed column.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Expression">Its value over the input's columns.</param>
/// <param name="Type">Its type, if known.</param>
/// <param name="NotNull">Whether it is never NULL.</param>
internal sealed record ComputedColumn(SqlIdentifier Name, SqlExpression Expression, TypeInfo? Type, bool NotNull);

/// <summary>Expressions over each input row.</summary>
internal sealed record Project(SqlIdentifier Alias, Operator Input, SyntaxList<ComputedColumn> Outputs) : Operator, ILinear
{
    public override SyntaxList<BoundColumn> Columns
        => Outputs.Select(o => new BoundColumn(new ColumnReference(Alias, o.Name), o.Type, o.NotNull)).ToSyntaxList();

    public override SyntaxList<Operator> Inputs => [Input];

    public override Operator WithInputs(SyntaxList<Operator> inputs) => ReferenceEquals(inputs[0], Input) ? this : this with { Input = inputs[0] };
}
