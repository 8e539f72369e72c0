using PgTrickle.Dvm.Catalog;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// Refuses functions that yield another value each time: no delta knows what they yielded before. By the functions that the rule of the query and of each
/// view really calls, operators' functions included, not by names in the text.
/// </summary>
internal static class VolatileFunctions
{
    /// <exception cref="CompileException">There is one, and the options don't allow it.</exception>
    public static void Check(QueryAnalysis analysis, CatalogSnapshot catalog, CompileOptions options)
    {
        if (options.AllowVolatile)
        {
            return;
        }

        Check(analysis.Functions, "");
        foreach (var view in catalog.Relations.Where(static r => r.Kind == RelationKind.View))
        {
            Check(view.ViewFunctions, $"in view {view.Name}");
        }
    }

    private static void Check(IEnumerable<FunctionInfo> functions, string location)
    {
        if (functions.FirstOrDefault(static f => f.Volatility == Volatility.Volatile) is { } function)
        {
            throw new CompileException(new CompileError(
                CompileErrorKind.Unsupported, $"volatile function {function.Name}()", location, "it may yield another value each time it is called"));
        }
    }
}
