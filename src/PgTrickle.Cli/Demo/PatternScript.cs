using System.Collections.Immutable;

namespace PgTrickle.Cli.Demo;

/// <summary>What a statement of the patterns does.</summary>
internal enum PatternStatementKind
{
    /// <summary>Creates a source table.</summary>
    Table,

    /// <summary>Creates a stream table.</summary>
    Stream,

    /// <summary>Alters a stream table.</summary>
    Alter,
}

/// <summary>One statement of the patterns.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Name">The table or stream table.</param>
/// <param name="Sql">Its text.</param>
internal sealed record PatternStatement(PatternStatementKind Kind, string Name, string Sql);

/// <summary>Reads the statements of <c>patterns.sql</c>, an embedded resource.</summary>
internal static class PatternScript
{
    private const string Resource = "PgTrickle.Cli.Demo.patterns.sql";
    private const string Marker = "-- @";

    /// <summary>The document's statements, in an order in which they can be run.</summary>
    public static ImmutableArray<PatternStatement> Load()
    {
        using var stream = typeof(PatternScript).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The resource {Resource} is missing.");
        using var reader = new StreamReader(stream);
        return Read(reader.ReadToEnd());
    }

    /// <summary>Cuts a text at its markers.</summary>
    /// <exception cref="FormatException">A marker is malformed, or nothing follows it.</exception>
    public static ImmutableArray<PatternStatement> Read(string text)
    {
        var statements = ImmutableArray.CreateBuilder<PatternStatement>();
        foreach (var section in text.Split('\n' + Marker).Skip(1))
        {
            var end = section.IndexOf('\n', StringComparison.Ordinal);
            var header = (end < 0 ? section : section[..end]).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            var sql = end < 0 ? string.Empty : WithoutTrailingComments(section[(end + 1)..]);
            if (header.Length != 2 || !Enum.TryParse<PatternStatementKind>(header[0], ignoreCase: true, out var kind) || sql.Length == 0)
            {
                throw new FormatException($"A statement is marked '{Marker}kind name', not '{Marker}{string.Join(' ', header)}'.");
            }

            statements.Add(new PatternStatement(kind, header[1], sql));
        }

        return statements.ToImmutable();
    }

    /// <summary>Comments between statements stand before the next marker and belong to what it marks.</summary>
    private static string WithoutTrailingComments(string section)
    {
        var lines = section.Split('\n').ToList();
        while (lines.Count > 0 && (string.IsNullOrWhiteSpace(lines[^1]) || lines[^1].StartsWith("--", StringComparison.Ordinal)))
        {
            lines.RemoveAt(lines.Count - 1);
        }

        return string.Join('\n', lines);
    }
}
