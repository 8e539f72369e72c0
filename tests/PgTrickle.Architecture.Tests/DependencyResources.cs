using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace PgTrickle.Architecture.Tests;

/// <summary>What is embedded in a compiled assembly.</summary>
internal static class DependencyResources
{
    public static IReadOnlyList<string> Names(string file)
    {
        using var stream = File.OpenRead(file);
        using var image = new PEReader(stream);
        var metadata = image.GetMetadataReader();
        return [.. metadata.ManifestResources.Select(handle => metadata.GetString(metadata.GetManifestResource(handle).Name))];
    }
}
