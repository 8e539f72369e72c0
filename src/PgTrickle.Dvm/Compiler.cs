using PgTrickle.Dvm.Apply;
using PgTrickle.Dvm.Binding;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Nodes;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm;

/// <summary>
/// Compiles a defining query into a plan: bind, run the passes, choose the rule for the root. Pure: the same input gives the same plan, on every node.
/// </summary>
public static class Compiler
{
    /// <summary>Raised whenever plans of the same query may come out differently, so that stored ones are made anew.</summary>
    public const int Version = 2;

    /// <summary>The plan of a query.</summary>
    /// <param name="analysis">The query.</param>
    /// <param name="catalog">The relations that it reads.</param>
    /// <param name="options">The mode asked for, and limits.</param>
    /// <exception cref="CompileException">
    /// The mode is DIFFERENTIAL and the query is one that no delta can follow; an output column has a reserved name; or the input contradicts itself. A construct that
    /// only has no rule yet is not refused: the plan evaluates the query, applies the difference and says why.
    /// </exception>
    public static CompiledPlan Compile(QueryAnalysis analysis, CatalogSnapshot catalog, CompileOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(analysis);
        ArgumentNullException.ThrowIfNull(catalog);
        var used = options ?? CompileOptions.Default;
        RefuseReservedNames(analysis);
        try
        {
            var (plan, rule) = Differentiate(analysis, catalog, used);
            return used.Mode == RequestedMode.Full ? Whole(analysis, catalog, used, rule, null)
                : used.RaisedByPlan is { } raised ? Whole(analysis, catalog, used, rule, new CompileError(
                    CompileErrorKind.NotImplemented, "expression", "", $"{raised}; PostgreSQL does not evaluate it, since nothing asks for it, but a plan does"))
                : plan;
        }
        catch (CompileException e) when (used.Mode != RequestedMode.Differential || e.Error.Kind == CompileErrorKind.NotImplemented)
        {
            return Whole(analysis, catalog, used, null, used.Mode == RequestedMode.Full ? null : e.Error);
        }
    }

    private static (DifferentialPlan Plan, RootRule Rule) Differentiate(QueryAnalysis analysis, CatalogSnapshot catalog, CompileOptions options)
    {
        VolatileFunctions.Check(analysis, catalog, options);
        var context = new BindingContext(catalog, options);
        var bound = new QueryBinder(context, new FunctionCatalog(analysis.Functions)).Bind(analysis.Query, CteScope.Empty);
        if (bound.Columns.Count != analysis.Columns.Count)
        {
            throw context.Internal("select list", "the query and its analysis differ in their number of columns");
        }

        var root = Pipeline.Run(bound);
        var (nodes, top) = options.Naive ? ([], root) : CutNodes.Of(root, new FunctionCatalog([.. analysis.Functions, .. catalog.Relations.SelectMany(static r => r.ViewFunctions)]));
        var rule = RootRules.Choose(top, analysis.Columns, options.Naive);
        return (new DifferentialPlan(analysis, options, bound, nodes, rule), rule);
    }

    private static FullPlan Whole(QueryAnalysis analysis, CatalogSnapshot catalog, CompileOptions options, RootRule? rule, CompileError? fallback)
    {
        var relations = new RelationCollector(catalog, options.MaxDepth);
        relations.Collect(analysis.Query);
        var columns = analysis.Columns.Select((c, i) => new StoredColumn(
            c.Name, c.Type, rule?.Result.Columns[i].NotNull ?? false, Visible: true)).ToSyntaxList();
        var identity = rule?.Result.Identity is { } known && known.Columns.All(i => i < columns.Count) && known.Kind != IdentityKind.Image
            ? known
            : new Identity(IdentityKind.Image, Enumerable.Range(0, columns.Count).ToSyntaxList());
        var source = new Project("query", new Constant("one", null, []), []);
        return new FullPlan(analysis, relations, new StoredResult(source, columns, identity), fallback);
    }

    private static void RefuseReservedNames(QueryAnalysis analysis)
    {
        if (analysis.Columns.FirstOrDefault(static c => c.Name.Value.StartsWith("__pgt_", StringComparison.Ordinal)) is { } column)
        {
            throw new CompileException(new CompileError(
                CompileErrorKind.Unsupported, $"column {column.Name}", "in the select list", "names that begin with __pgt_ are reserved"));
        }
    }
}
