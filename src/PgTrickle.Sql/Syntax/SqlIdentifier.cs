using System.Text;

namespace PgTrickle.Sql.Syntax;

/// <summary>
/// A name as the catalog stores it: no quotes, case kept. It prints quoted whenever PostgreSQL would otherwise fold it or read it as a keyword.
/// </summary>
public sealed record SqlIdentifier
{
    /// <summary>The longest name in bytes of UTF-8; PostgreSQL cuts longer ones off silently.</summary>
    public const int MaxBytes = 63;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Takes <paramref name="value"/> as it is.</summary>
    /// <exception cref="ArgumentException">The name is empty, longer than <see cref="MaxBytes"/>, holds U+0000, or is no valid Unicode.</exception>
    public SqlIdentifier(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (Defect(value) is { } defect)
        {
            throw new ArgumentException(defect, nameof(value));
        }

        Value = value;
    }

    /// <summary>The name, not quoted.</summary>
    public string Value { get; }

    /// <summary>The name as SQL text, quoted when needed.</summary>
    public override string ToString() => SqlKeywords.NeedsQuotes(Value) ? Quote(Value) : Value;

    /// <summary>A name from its text; no quotes or folding are interpreted.</summary>
    public static implicit operator SqlIdentifier(string value) => new(value);

    /// <summary>The same as the implicit conversion, for languages without it.</summary>
    public static SqlIdentifier FromString(string value) => new(value);

    internal static string? Defect(string value)
    {
        if (value.Length == 0)
        {
            return "A name must not be empty.";
        }

        if (value.Contains('\0', StringComparison.Ordinal))
        {
            return "A name must not contain U+0000.";
        }

        try
        {
            return StrictUtf8.GetByteCount(value) > MaxBytes ? $"The name \"{value}\" is longer than {MaxBytes} bytes." : null;
        }
        catch (EncoderFallbackException)
        {
            return "A name must be valid Unicode.";
        }
    }

    private static string Quote(string value) => $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}

/// <summary>The name of a relation, function, type or collation, with its schema if that is given.</summary>
/// <param name="Schema">The schema, or null for the search path.</param>
/// <param name="Name">The object's own name.</param>
public sealed record QualifiedName(SqlIdentifier? Schema, SqlIdentifier Name)
{
    /// <summary>A name without schema.</summary>
    public QualifiedName(SqlIdentifier name)
        : this(null, name)
    {
    }

    /// <summary>The name as SQL text.</summary>
    public override string ToString() => Schema is null ? Name.ToString() : $"{Schema}.{Name}";

    /// <summary>A name without schema.</summary>
    public static implicit operator QualifiedName(string name) => new(new SqlIdentifier(name));

    /// <summary>The same as the implicit conversion, for languages without it.</summary>
    public static QualifiedName FromString(string name) => name;

    /// <summary>A name without schema.</summary>
    public static implicit operator QualifiedName(SqlIdentifier name) => new(name);

    /// <summary>The same as the implicit conversion, for languages without it.</summary>
    public static QualifiedName FromSqlIdentifier(SqlIdentifier name) => name;
}

/// <summary>The name of an operator.</summary>
public sealed record OperatorName
{
    private const string Characters = "+-*/<>=~!@#%^&|`?";

    /// <summary>An operator, in <paramref name="schema"/> or on the search path.</summary>
    /// <exception cref="ArgumentException"><paramref name="symbol"/> isn't made of operator characters, or would start a comment.</exception>
    public OperatorName(SqlIdentifier? schema, string symbol)
    {
        ArgumentNullException.ThrowIfNull(symbol);
        if (symbol.Length is 0 or > SqlIdentifier.MaxBytes || symbol.AsSpan().ContainsAnyExcept(Characters)
            || symbol.Contains("--", StringComparison.Ordinal) || symbol.Contains("/*", StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{symbol}' is not an operator.", nameof(symbol));
        }

        Schema = schema;
        Symbol = symbol;
    }

    /// <summary>The schema, or null for the search path.</summary>
    public SqlIdentifier? Schema { get; }

    /// <summary>The operator's characters.</summary>
    public string Symbol { get; }

    /// <summary>The operator as it stands between its operands.</summary>
    public override string ToString() => Schema is null ? Symbol : $"OPERATOR({Schema}.{Symbol})";

    /// <summary>An operator on the search path.</summary>
    public static implicit operator OperatorName(string symbol) => new(null, symbol);

    /// <summary>The same as the implicit conversion, for languages without it.</summary>
    public static OperatorName FromString(string symbol) => symbol;
}
