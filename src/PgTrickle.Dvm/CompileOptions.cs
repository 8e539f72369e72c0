namespace PgTrickle.Dvm;

/// <summary>The refresh mode that the user asked for.</summary>
public enum RequestedMode
{
    /// <summary>Differential if possible, else full with a reason.</summary>
    Auto,

    /// <summary>Differential, or an error if no delta can follow the query by design; what only has no rule yet is evaluated, with a reason.</summary>
    Differential,

    /// <summary>Always evaluate and apply the difference.</summary>
    Full,
}

/// <summary>How the compiler works.</summary>
public sealed record CompileOptions
{
    /// <summary>The default options.</summary>
    public static CompileOptions Default { get; } = new();

    /// <summary>The mode asked for.</summary>
    public RequestedMode Mode { get; init; } = RequestedMode.Auto;

    /// <summary>
    /// The reference: D(Q) is computed as Q over the new state minus Q over the old state of the changed sources. Always right, never fast; tests compare
    /// the optimised deltas with it.
    /// </summary>
    public bool Naive { get; init; }

    /// <summary>
    /// Why the query is evaluated as a whole, though it compiles and FULL was not asked for: its plan raised an error that the query does not raise. Null if there is no such reason.
    /// </summary>
    public string? RaisedByPlan { get; init; }

    /// <summary>Whether volatile functions are let through (setting volatile_function_policy = allow) instead of refused.</summary>
    public bool AllowVolatile { get; init; }

    /// <summary>The deepest nesting of queries, views and operators (setting max_parse_depth), at least 1.</summary>
    public int MaxDepth { get; init; } = 64;

    /// <summary>The most relations in a query; each costs up to three join terms a delta.</summary>
    public int MaxSources { get; init; } = 60;

    /// <summary>The most grouping sets that are maintained differentially (setting max_grouping_set_branches); each row of the input counts once for each.</summary>
    public int MaxGroupingSets { get; init; } = 64;
}
