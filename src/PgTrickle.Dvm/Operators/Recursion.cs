using PgTrickle.Dvm.Binding;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>
/// A recursive WITH query. It is kept as it was written, with views spelled out, and computed over one state of its tables: what it yields in one round depends on all rounds before. Of some it is known
/// how their changes follow from those of their two terms.
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

    /// <summary>The expressions of the clock in it.</summary>
    public IEnumerable<SqlExpression> Clocks => ClockExpressions.Closed(Text);

    /// <summary>Its two terms, if its changes can be told from theirs; null if it has to be computed as a whole.</summary>
    public LinearRecursion? Linear { get; init; }

    public override SyntaxList<BoundColumn> Columns
        => Names.Zip(Types, (n, t) => new BoundColumn(new ColumnReference(Alias, n), t.Type, t.NotNull)).ToSyntaxList();

    public override SyntaxList<Operator> Inputs => Tables;

    public override Operator WithInputs(SyntaxList<Operator> inputs)
        => inputs.Zip(Tables).All(static p => ReferenceEquals(p.First, p.Second)) ? this : this with { Tables = inputs };
}

/// <summary>
/// The terms of a recursive UNION whose second one is linear in the recursive table: of a sum of rows it yields the sum of what it yields for each. These are operators of their own, not
/// among the inputs of the recursion.
/// </summary>
/// <param name="IsSet">Whether it is a UNION, of which each row comes once, and not a UNION ALL.</param>
/// <param name="Self">The only scan of the recursive table.</param>
/// <param name="Start">The term without recursion.</param>
/// <param name="Step">The other, over the scan; of a UNION the columns of the row that it follows from come after its own.</param>
internal sealed record LinearRecursion(bool IsSet, Scan Self, Operator Start, Operator Step)
{
    /// <summary>The same, of a node.</summary>
    public LinearRecursion OfNode(int node)
    {
        var self = Self with { Node = node };
        return this with { Self = self, Step = Step.Rewrite(o => ReferenceEquals(o, Self) ? self : o) };
    }
}
