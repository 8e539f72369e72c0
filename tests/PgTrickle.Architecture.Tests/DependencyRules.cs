using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace PgTrickle.Architecture.Tests;

/// <summary>Which assembly may know which, as docs/contributing.md has it.</summary>
internal static class DependencyRules
{
    private static readonly string[] Pure = ["PgTrickle.Sql", "PgTrickle.Dvm", "PgTrickle.Scheduling", "PgTrickle.Wire"];

    /// <summary>Whatever an assembly may reference of this repository, directly or through others.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["PgTrickle.Sql"] = [],
        ["PgTrickle.Dvm"] = ["PgTrickle.Sql"],
        ["PgTrickle.Scheduling"] = [],
        ["PgTrickle.Wire"] = [],
        ["PgTrickle.Postgres"] = ["PgTrickle.Dvm", "PgTrickle.Sql", "PgTrickle.Scheduling"],
        ["PgTrickle.Actors.Contracts"] = [],
        ["PgTrickle.Actors"] = ["PgTrickle.Actors.Contracts", "PgTrickle.Postgres", "PgTrickle.Dvm", "PgTrickle.Sql", "PgTrickle.Scheduling"],
        ["PgTrickle.Gateway"] = ["PgTrickle.Wire", "PgTrickle.Actors.Contracts", "PgTrickle.Postgres"],
        ["PgTrickle.Node"] =
        [
            "PgTrickle.Actors", "PgTrickle.Actors.Contracts", "PgTrickle.Gateway", "PgTrickle.Wire", "PgTrickle.Postgres", "PgTrickle.Dvm", "PgTrickle.Sql",
            "PgTrickle.Scheduling",
        ],
        ["PgTrickle.Cli"] =
        [
            "PgTrickle.Node", "PgTrickle.Actors", "PgTrickle.Actors.Contracts", "PgTrickle.Postgres", "PgTrickle.Dvm", "PgTrickle.Sql", "PgTrickle.Scheduling",
        ],
    };

    /// <summary>Packages and framework assemblies by the beginning of their names, and who must not know them.</summary>
    private static readonly Dictionary<string, string[]> Forbidden = new()
    {
        ["Npgsql"] = [.. Pure, "PgTrickle.Actors.Contracts"],
        ["Akka"] = [.. Pure, "PgTrickle.Postgres"],
    };

    /// <summary>Types of System.IO that touch memory only.</summary>
    private static readonly HashSet<string> MemoryOnly =
        ["Stream", "MemoryStream", "TextReader", "TextWriter", "StringReader", "StringWriter", "InvalidDataException"];

    private static readonly HashSet<string> OtherEffects =
        ["System.Console", "System.Diagnostics.Process", "System.Threading.Thread", "System.Threading.Timer"];

    public static IEnumerable<string> PureAssemblies => Pure;

    /// <summary>The rules' name of a project's assembly is its project's name; null when there is no rule for it.</summary>
    public static IReadOnlyList<string>? AllowedReferences(string assembly) => Allowed.GetValueOrDefault(assembly);

    public static bool IsForbidden(string assembly, string reference) => Forbidden.Any(rule =>
        rule.Value.Contains(assembly) && (reference == rule.Key || reference.StartsWith(rule.Key + ".", StringComparison.Ordinal)));

    /// <summary>The simple names of the assemblies that a compiled assembly references.</summary>
    public static IReadOnlyList<string> References(string file) => Read(file, metadata =>
        metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name)));

    /// <summary>The types with an effect outside memory that a compiled assembly mentions.</summary>
    public static IReadOnlyList<string> EffectfulTypes(string file) => Read(file, metadata => metadata.TypeReferences
        .Select(metadata.GetTypeReference)
        .Select(type => (Space: metadata.GetString(type.Namespace), Name: metadata.GetString(type.Name)))
        .Where(type => (type.Space.StartsWith("System.IO", StringComparison.Ordinal) && !MemoryOnly.Contains(type.Name))
            || type.Space.StartsWith("System.Net", StringComparison.Ordinal)
            || OtherEffects.Contains($"{type.Space}.{type.Name}"))
        .Select(type => $"{type.Space}.{type.Name}"));

    private static IReadOnlyList<string> Read(string file, Func<MetadataReader, IEnumerable<string>> query)
    {
        using var stream = File.OpenRead(file);
        using var image = new PEReader(stream);
        return [.. query(image.GetMetadataReader())];
    }
}
