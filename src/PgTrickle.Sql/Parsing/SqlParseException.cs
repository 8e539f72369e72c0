namespace PgTrickle.Sql.Parsing;

/// <summary>The text isn't canonical view text that this parser knows.</summary>
public class SqlParseException : Exception
{
    internal SqlParseException(string construct, string message, int position)
        : base($"{message} (at character {position + 1})")
    {
        Construct = construct;
        Position = position;
    }

    /// <summary>The part of the grammar that was being read, for instance <c>CASE</c> or <c>JSON_TABLE</c>.</summary>
    public string Construct { get; }

    /// <summary>Where in the text the trouble starts, in UTF-16 units counted from zero.</summary>
    public int Position { get; }
}

/// <summary>The text is nested more deeply than <see cref="SqlParseOptions.MaxDepth"/> or than the thread's stack allows.</summary>
public sealed class SqlNestingException : SqlParseException
{
    internal SqlNestingException(int maxDepth, int position)
        : base("nesting", $"The query is nested more deeply than {maxDepth} levels.", position)
    {
        MaxDepth = maxDepth;
    }

    /// <summary>The bound that was exceeded.</summary>
    public int MaxDepth { get; }
}
