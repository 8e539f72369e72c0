using System.Globalization;
using System.Text.RegularExpressions;

namespace PgTrickle.Sql.Tests.Corpus;

/// <summary>A view of the corpus, as a person would write it.</summary>
internal sealed partial record CorpusView(string Name, int Since, string Sql)
{
    public static IReadOnlyList<CorpusView> All { get; } =
        [.. new[] { "expressions", "functions", "xml", "json", "from", "queries", "names" }.SelectMany(file => Parse(Read($"{file}.sql")))];

    public static string Schema => Read("schema.sql");

    private static string Read(string name)
    {
        using var stream = typeof(CorpusView).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"No resource {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static IEnumerable<CorpusView> Parse(string text) => EntryPattern().Matches(text).Select(match => new CorpusView(
        match.Groups["name"].Value,
        match.Groups["since"].Success ? int.Parse(match.Groups["since"].Value, CultureInfo.InvariantCulture) : 0,
        match.Groups["sql"].Value));

    [GeneratedRegex(@"^-- name: (?<name>\w+)\n(?:-- since: (?<since>\d+)\n)?(?<sql>(?!-- ).*)$", RegexOptions.Multiline)]
    private static partial Regex EntryPattern();
}
