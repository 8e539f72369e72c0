namespace PgTrickle.Fuzzing.Generation;

/// <summary>Types that the generator tells apart; each has literals, columns and expressions of its own.</summary>
internal enum Kind
{
    Int,
    Text,

    /// <summary>numeric without a scale: 1.0 and 1.00 are equal and print differently.</summary>
    Number,

    /// <summary>numeric(8,2).</summary>
    Money,

    /// <summary>float8 with NaN, infinity and -0, but only values whose sums are exact.</summary>
    Float,
    Bool,
    Time,
    Day,

    /// <summary>interval: 1 mon and 30 days are equal.</summary>
    Span,

    /// <summary>char(4).</summary>
    Code,

    /// <summary>An enum.</summary>
    Mood,

    /// <summary>jsonb.</summary>
    Json,

    /// <summary>json: no equality, no order.</summary>
    RawJson,

    /// <summary>xml: no equality, no order.</summary>
    Xml,

    /// <summary>point: no order, and an equality that is not called <c>=</c>.</summary>
    Point,

    /// <summary>int[].</summary>
    Array,

    /// <summary>int4range.</summary>
    Range,

    /// <summary>text under a collation that takes a and A for equal.</summary>
    Folded,

    /// <summary>A composite type of a number and a text.</summary>
    Pair,

    /// <summary>bytea.</summary>
    Bytes,

    /// <summary>inet.</summary>
    Address,

    /// <summary>timetz: the same moment in another zone is another value.</summary>
    Hour,

    /// <summary>bit varying.</summary>
    Bits,

    /// <summary>int4multirange.</summary>
    Ranges,
}

/// <summary>An expression and its type.</summary>
/// <param name="Sql">The text.</param>
/// <param name="Kind">The type.</param>
/// <param name="IsLoose">
/// Which of several equal values it is, PostgreSQL leaves open: the representative of a group, of DISTINCT, of max. Whatever could tell them apart must not be done to it.
/// </param>
internal sealed record Value(string Sql, Kind Kind, bool IsLoose = false)
{
    public static bool HasEqualTwins(Kind kind) => kind is Kind.Number or Kind.Money or Kind.Float or Kind.Span or Kind.Json or Kind.Folded;

    /// <summary>Whether values can be compared, sorted and grouped.</summary>
    public static bool HasOrder(Kind kind) => kind is not (Kind.RawJson or Kind.Xml or Kind.Point);

    /// <summary>This value after something that keeps one of equal values.</summary>
    public Value Loosened() => this with { IsLoose = IsLoose || HasEqualTwins(Kind) };

    /// <summary>Sort keys under which no two different values are peers.</summary>
    public IEnumerable<string> TotalOrder() => Kind switch
    {
        _ when !HasOrder(Kind) => [],
        Kind.Number or Kind.Money or Kind.Float or Kind.Span or Kind.Json when !IsLoose => [Sql, Sql + "::text"],
        Kind.Folded when !IsLoose => [Sql, $"({Sql})::text COLLATE \"C\""],
        _ => [Sql],
    };
}

/// <summary>What expressions of a query may refer to.</summary>
/// <param name="Columns">Of the FROM clause.</param>
/// <param name="Outer">Of the query around it, if it is correlated.</param>
internal sealed record Scope(IReadOnlyList<Value> Columns, Scope? Outer = null)
{
    public static Scope Empty { get; } = new([]);
}

/// <summary>A query, its columns (named c1, c2 ...) and what it is made of.</summary>
internal sealed record GeneratedQuery(string Sql, IReadOnlyList<Kind> Columns, IReadOnlySet<string> Features);
