using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace PgTrickle.Postgres.Migrations;

/// <summary>A numbered step of the schema <c>pgtrickle</c>, a .sql file of this assembly.</summary>
/// <param name="Version">The number in front of the file's name; steps run in this order.</param>
/// <param name="Name">The file's name without number and extension.</param>
/// <param name="Sql">The statements.</param>
public sealed partial record Migration(int Version, string Name, string Sql)
{
    /// <summary>SHA-256 of the text with LF line ends, in lower-case hex.</summary>
    public string Checksum { get; } =
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql.Replace("\r\n", "\n", StringComparison.Ordinal))));

    /// <summary>All steps that this program has, in order of version.</summary>
    /// <exception cref="InvalidOperationException">Two files have one number: the assembly is built wrongly.</exception>
    public static IReadOnlyList<Migration> Embedded { get; } = Load();

    private static List<Migration> Load()
    {
        var assembly = typeof(Migration).Assembly;
        var found = new SortedDictionary<int, Migration>();
        foreach (var resource in assembly.GetManifestResourceNames())
        {
            var match = FileName().Match(resource);
            if (!match.Success)
            {
                continue;
            }

            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
            var version = int.Parse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
            if (!found.TryAdd(version, new Migration(version, match.Groups[2].Value, reader.ReadToEnd())))
            {
                throw new InvalidOperationException($"Two migrations have number {version}.");
            }
        }

        return [.. found.Values];
    }

    [GeneratedRegex(@"\.([0-9]{4})_([a-z_]+)\.sql$")]
    private static partial Regex FileName();
}
