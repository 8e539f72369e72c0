using System.Collections.Frozen;

namespace PgTrickle.Sql.Syntax;

/// <summary>
/// A data type as written after <c>::</c>. Types that the grammar spells with keywords (<c>double precision</c>,
/// <c>timestamp(3) with time zone</c>) come from <see cref="Standard"/>, all others from <see cref="Named"/>: <c>"char"</c> and
/// <c>char</c> are different types.
/// </summary>
public sealed record TypeName : SqlNode
{
    private static readonly FrozenSet<string> StandardNames = FrozenSet.Create(StringComparer.Ordinal,
        "bigint", "bit", "bit varying", "boolean", "character", "character varying", "decimal", "double precision", "float", "integer",
        "interval", "national character", "national character varying", "numeric", "real", "smallint", "time", "timestamp", "json");

    private static readonly FrozenSet<string> Qualifications = FrozenSet.Create(StringComparer.Ordinal,
        "with time zone", "without time zone", "year", "month", "day", "hour", "minute", "second", "year to month", "day to hour",
        "day to minute", "day to second", "hour to minute", "hour to second", "minute to second");

    private TypeName(QualifiedName name, bool isStandard)
    {
        Name = name;
        IsStandard = isStandard;
    }

    /// <summary>The type's name; the words of a standard type stand in <see cref="QualifiedName.Name"/>.</summary>
    public QualifiedName Name { get; }

    /// <summary>Whether the name consists of grammar keywords, which are never quoted.</summary>
    public bool IsStandard { get; }

    /// <summary>The modifiers in parentheses, such as length, precision and scale.</summary>
    public SyntaxList<SqlExpression> Modifiers { get; init; }

    /// <summary>What follows the modifiers of a standard type: <c>with time zone</c>, or an interval's fields; null for nothing.</summary>
    public string? Qualification { get; private init; }

    /// <summary>How many <c>[]</c> follow.</summary>
    public int ArrayDimensions { get; init; }

    /// <summary>A type that the grammar spells with keywords.</summary>
    /// <exception cref="ArgumentException">The grammar has no such type or qualification.</exception>
    public static TypeName Standard(string words, string? qualification = null)
    {
        if (!StandardNames.Contains(words))
        {
            throw new ArgumentException($"'{words}' is no type of the SQL grammar.", nameof(words));
        }

        if (qualification is not null && !Qualifications.Contains(qualification))
        {
            throw new ArgumentException($"'{qualification}' can't follow a type.", nameof(qualification));
        }

        return new(new QualifiedName(new SqlIdentifier(words)), isStandard: true) { Qualification = qualification };
    }

    /// <summary>A type by its catalog name.</summary>
    public static TypeName Named(QualifiedName name) => new(name, isStandard: false);

    internal static bool IsStandardName(string words) => StandardNames.Contains(words);

    internal override SqlNode RewriteChildren(SqlRewriter rewriter)
        => rewriter.Rebuild(this, static (n, c) => n with { Modifiers = c.Visit(n.Modifiers) });
}
