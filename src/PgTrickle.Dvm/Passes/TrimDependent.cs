using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Passes;

/// <summary>Leaves out what a dependent side computes and nothing asks for: every column of it is evaluated for each row, and those of tables would have to be captured.</summary>
internal sealed class TrimDependent : IPass
{
    public string Name => "trim dependent sides";

    public Operator Apply(Operator root)
    {
        // Members of a union go by place.
        var used = root.DescendantsAndSelf().OfType<UnionAll>().SelectMany(static u => u.Members).Prepend(root).SelectMany(static o => o.Columns).Select(static c => c.Reference)
            .Concat(root.DescendantsAndSelf().SelectMany(static o => o.OwnExpressions()).SelectMany(static e => e.References()))
            .ToHashSet();
        return root.Rewrite(o => o is Dependent { Inner: Project inner } dependent ? dependent.WithInputs([dependent.Outer, Trimmed(inner, used)]) : o);
    }

    /// <summary>At least one column stays.</summary>
    private static Project Trimmed(Project inner, HashSet<ColumnReference> used)
    {
        var kept = inner.Outputs.Where((o, i) => i == 0 || used.Contains(new ColumnReference(inner.Alias, o.Name))).ToSyntaxList();
        return kept.Count == inner.Outputs.Count ? inner : inner with { Outputs = kept };
    }
}
