namespace PgTrickle.Sql.Parsing;

/// <summary>Bounds of parsing.</summary>
public sealed record SqlParseOptions
{
    /// <summary>The default of <see cref="MaxDepth"/>.</summary>
    public const int DefaultMaxDepth = 400;

    /// <summary>The options to use when none are given.</summary>
    public static SqlParseOptions Default { get; } = new();

    /// <summary>
    /// How deeply expressions, subqueries, joins and set operations may be nested, counted together; every pair of parentheses in canonical text is a level. The
    /// bound protects all that walks the tree later, too.
    /// </summary>
    public int MaxDepth
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = DefaultMaxDepth;
}
