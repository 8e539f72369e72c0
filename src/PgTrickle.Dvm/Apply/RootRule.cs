using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Apply;

/// <summary>How the changes of a result are found: the rule for the operator at the root.</summary>
internal abstract record RootRule(StoredResult Result)
{
    /// <summary>The rule's name and particulars, for explanations.</summary>
    public abstract string Describe();

    /// <summary>Whether changes may be read as they were captured, without consolidating them first; the rule consolidates or sums them itself.</summary>
    public abstract bool Consolidates { get; }

    /// <summary>Places of columns by which stored rows are looked up, beside those that identify them.</summary>
    public virtual SyntaxList<int> Lookup => [];

    /// <summary>All that its statements read rows of tables and nodes by.</summary>
    public virtual IEnumerable<Operator> Reads => [Result.Source];

    /// <summary>What changes, given the sources that did; null if they don't matter, as when only the clock moved and nothing that is stored reads it.</summary>
    public abstract ChangeSet? Change(DeltaContext context, Differentiator differentiator, PlanNames names);

    /// <summary>The stored columns of the whole result as c1, c2 ...</summary>
    public QueryBody Rows(StateReader reader) => StateReader.SelectColumns(Result.Source, reader.Read(Result.Source));
}

/// <summary>Linear and bilinear roots, and all else whose D is a Z-set of result rows.</summary>
internal sealed record ZSetRule(StoredResult Result) : RootRule(Result)
{
    public override bool Consolidates => true;

    public override string Describe() => "apply delta rows";

    public override ChangeSet? Change(DeltaContext context, Differentiator differentiator, PlanNames names)
    {
        var columns = Result.Source.Columns.Select(static c => c.Reference).ToList();
        var delta = differentiator.Delta(Result.Source, columns.ToHashSet());
        var terms = delta.Select(f => DeltaContext.SelectWeighted(f, columns)).ToList();
        return terms.Count == 0 ? null : ZSetApply.Of(Result, context.Tables, terms, names);
    }
}

/// <summary>A root that is one recursive query: it is evaluated, and the difference is applied. Its former rows are those stored.</summary>
internal sealed record EvaluateRule(StoredResult Result) : RootRule(Result)
{
    public override bool Consolidates => false;

    public override string Describe() => "evaluate the recursive query and apply the difference";

    public override ChangeSet Change(DeltaContext context, Differentiator differentiator, PlanNames names) => FullApply.Of(Result, Rows(context.Present), names);
}
