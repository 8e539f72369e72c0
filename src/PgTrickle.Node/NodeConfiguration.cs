using System.Globalization;
using System.Text;
using Akka.Configuration;
using PgTrickle.Actors.Configuration;

namespace PgTrickle.Node;

/// <summary>From options to configuration: command line over file over the shipped files.</summary>
internal static class NodeConfiguration
{
    /// <exception cref="ConfigurationException">A file is missing or can not be parsed.</exception>
    public static Config Load(NodeOptions options)
    {
        var text = new StringBuilder();
        if (options.ConfigFile is { } file)
        {
            text.AppendLine(Read(file));
        }

        text.AppendLine(options.Config);
        Add("node.name", Quoted(options.Name));
        Add("node.max-workers", options.MaxWorkers?.ToString(CultureInfo.InvariantCulture));
        Add("node.roles", options.Roles is { } roles ? $"[{string.Join(", ", roles.Select(Quoted))}]" : null);
        Add("cluster.hostname", Quoted(options.Host));
        Add("cluster.public-hostname", Quoted(options.PublicHost));
        Add("cluster.port", options.Port?.ToString(CultureInfo.InvariantCulture));
        return ShippedConfiguration.Load(text.ToString());

        void Add(string setting, string? value)
        {
            if (value is not null)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"pgtrickle.{setting} = {value}");
            }
        }
    }

    private static string? Quoted(string? value) =>
        value is null ? null : $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The configuration file {file} can not be read: {problem.Message}", problem);
        }
    }
}
