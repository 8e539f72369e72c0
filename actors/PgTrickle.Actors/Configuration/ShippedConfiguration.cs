using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.Singleton;
using Akka.Configuration;
using Akka.DistributedData;
using Akka.Persistence.Sql;

namespace PgTrickle.Actors.Configuration;

/// <summary>The configuration files of <c>hocon/</c>, which are part of this assembly: a node needs none on its disk.</summary>
public static class ShippedConfiguration
{
    /// <summary>The file with the project's own settings.</summary>
    public const string Reference = "pgtrickle.reference.conf";

    /// <summary>Names of all files, in order.</summary>
    public static IReadOnlyList<string> Files { get; } =
    [
        Reference, "node.conf", "remote.conf", "cluster.conf", "sharding.conf", "persistence.conf", "serialization.conf", "dispatchers.conf",
    ];

    /// <summary>The text of one file.</summary>
    public static string Text(string file)
    {
        using var stream = typeof(ShippedConfiguration).Assembly.GetManifestResourceStream("hocon." + file)
            ?? throw new InvalidOperationException($"The configuration file {file} is not part of the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>
    /// All files, over the defaults of modules that add theirs late or not at all (a peer's message can come before the serializer that reads it), and
    /// under what <paramref name="overrides"/> says.
    /// </summary>
    /// <exception cref="ConfigurationException">The text can not be parsed.</exception>
    public static Config Load(string overrides = "")
    {
        var shipped = Files.Select(Text).Select(ConfigurationFactory.ParseString).Aggregate((all, next) => next.WithFallback(all));
        var complete = shipped
            .WithFallback(ClusterSharding.DefaultConfig())
            .WithFallback(ClusterSingleton.DefaultConfig())
            .WithFallback(DistributedData.DefaultConfig())
            .WithFallback(SqlPersistence.DefaultConfiguration);
        return string.IsNullOrWhiteSpace(overrides) ? complete : Parse(overrides).WithFallback(complete);
    }

    private static Config Parse(string text)
    {
        try
        {
            return ConfigurationFactory.ParseString(text);
        }
        catch (Exception problem) when (problem is not ConfigurationException)
        {
            throw new ConfigurationException($"The configuration can not be read: {problem.Message}", problem);
        }
    }
}
