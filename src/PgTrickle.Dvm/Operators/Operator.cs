using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>
/// A column that an operator yields. <paramref name="Reference"/> is its identity: relation names in a bound tree are unique, so an expression means the
/// same wherever it is moved.
/// </summary>
/// <param name="Reference">How expressions above refer to it.</param>
/// <param name="Type">Its type, or null if the compiler can't tell.</param>
/// <param name="NotNull">Whether it is known never to be NULL.</param>
internal sealed record BoundColumn(ColumnReference Reference, TypeInfo? Type, bool NotNull)
{
    public SqlIdentifier Name => Reference.Name;
}

/// <summary>A relational operator: a function from Z-sets to a Z-set.</summary>
internal abstract record Operator
{
    /// <summary>The columns, in order.</summary>
    public abstract SyntaxList<BoundColumn> Columns { get; }

    /// <summary>The operators below.</summary>
    public abstract SyntaxList<Operator> Inputs { get; }

    /// <summary>The same operator over other inputs; this very one if they are the same.</summary>
    public abstract Operator WithInputs(SyntaxList<Operator> inputs);

    /// <summary>This operator and all below it, from the top.</summary>
    public IEnumerable<Operator> DescendantsAndSelf() => Inputs.SelectMany(static i => i.DescendantsAndSelf()).Prepend(this);

    /// <summary>Replaces operators from the leaves up; the same reference if nothing changed.</summary>
    public Operator Rewrite(Func<Operator, Operator> replace)
    {
        var inputs = Inputs;
        Operator[]? changed = null;
        for (var i = 0; i < inputs.Count; i++)
        {
            var input = inputs[i].Rewrite(replace);
            if (!ReferenceEquals(input, inputs[i]))
            {
                changed ??= [.. inputs];
                changed[i] = input;
            }
        }

        return replace(changed is null ? this : WithInputs([.. changed]));
    }
}

/// <summary>D distributes over the operator: D(op(X)) = op(D(X)).</summary>
internal interface ILinear;

/// <summary>D of a pair needs three terms: D(L) x N(R) + N(L) x D(R) - D(L) x D(R).</summary>
internal interface IBilinear;

/// <summary>A row of the result depends on all input rows with the same key: its delta needs state.</summary>
internal interface IStateful;

/// <summary>An operator whose rows depend on nothing but the input rows of one partition, those with the same key: a partition is computed by itself.</summary>
internal interface IPartitioned : IStateful
{
    /// <summary>The input.</summary>
    Operator Input { get; }

    /// <summary>What the rows of a partition have in common, over the input; none if all rows are one partition.</summary>
    SyntaxList<ComputedColumn> PartitionKeys { get; }
}
