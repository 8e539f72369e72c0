using PgTrickle.Dvm.Binding;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>The rows of all inputs; columns go by position.</summary>
internal sealed record UnionAll(SqlIdentifier Alias, SyntaxList<SqlIdentifier> Names, SyntaxList<Operator> Members) : Operator, ILinear
{
    public override SyntaxList<BoundColumn> Columns => Names.Select((name, i) =>
    {
        var columns = Members.Select(m => m.Columns[i]).ToList();
        return new BoundColumn(new ColumnReference(Alias, name), CommonType.Of(columns.Select(static c => c.Type).ToList()), columns.TrueForAll(static c => c.NotNull));
    }).ToSyntaxList();

    public override SyntaxList<Operator> Inputs => Members;

    public override Operator WithInputs(SyntaxList<Operator> inputs)
        => inputs.Zip(Members).All(static p => ReferenceEquals(p.First, p.Second)) ? this : this with { Members = inputs };
}
