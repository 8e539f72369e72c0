using PgTrickle.Dvm.Binding;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>
/// A recursive WITH query. It is kept as it was written, with views spelled out, and computed as a whole over one state of its tables: what it yields in one round depends on all
/// rounds before.
/// </summary>
/// <param name="Alias">The relation's name.</param>
/// <param name="Names">Names of the columns.</param>
/// <param name="Types">What is known of the columns.</param>
/// <param name="Text">The query; all tables that it names with a schema are among the inputs.</param>
/// <param name="Tables">The tables that it reads, each once.</param>
/// <param name="Used">The columns that it may use of them.</param>
internal sealed record Recursion(
    SqlIdentifier Alias,
    SyntaxList<SqlIdentifier> Names,
    SyntaxList<ExpressionType> Types,
    Query Text,
    SyntaxList<Operator> Tables,
    SyntaxList<ColumnReference> Used) : Operator
{
    /// <summary>Why the same tables may give other rows another time; null if they always give the same.</summary>
    public string? Open { get; init; }

    public override SyntaxList<BoundColumn> Columns
        => Names.Zip(Types, (n, t) => new BoundColumn(new ColumnReference(Alias, n), t.Type, t.NotNull)).ToSyntaxList();

    public override SyntaxList<Operator> Inputs => Tables;

    public override Operator WithInputs(SyntaxList<Operator> inputs)
        => inputs.Zip(Tables).All(static p => ReferenceEquals(p.First, p.Second)) ? this : this with { Tables = inputs };
}
