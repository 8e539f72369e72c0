using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Catalog;

/// <summary>provolatile.</summary>
public enum Volatility
{
    /// <summary>The same result for the same arguments, for ever.</summary>
    Immutable,

    /// <summary>The same result within a statement.</summary>
    Stable,

    /// <summary>Anything.</summary>
    Volatile,
}

/// <summary>prokind and, for aggregates, aggkind.</summary>
public enum FunctionKind
{
    /// <summary>An ordinary function.</summary>
    Function,

    /// <summary>An aggregate over rows.</summary>
    Aggregate,

    /// <summary>An ordered-set or hypothetical-set aggregate.</summary>
    OrderedSetAggregate,

    /// <summary>A window function.</summary>
    Window,
}

/// <summary>A function that a query uses, found by the OIDs in its rule (functions of operators included).</summary>
/// <param name="Oid">OID in pg_proc.</param>
/// <param name="Name">Schema and name.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Volatility">Volatility.</param>
public sealed record FunctionInfo(uint Oid, QualifiedName Name, FunctionKind Kind, Volatility Volatility)
{
    /// <summary>proisstrict.</summary>
    public bool IsStrict { get; init; }

    /// <summary>proretset.</summary>
    public bool ReturnsSet { get; init; }

    /// <summary>Whether its result is of type record, which no column can have.</summary>
    public bool ReturnsRecord { get; init; }
}
