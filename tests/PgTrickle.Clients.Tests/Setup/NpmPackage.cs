namespace PgTrickle.Clients.Tests.Setup;

/// <summary>A package of npm with what it depends on, in the cache folder of the user. Complete or absent: it is made beside its place and renamed into it.</summary>
internal static class NpmPackage
{
    private const string CacheVariable = "PGTRICKLE_CACHE";

    /// <summary>Returns the folder of its modules, or why there is none.</summary>
    public static (string? Modules, string? Problem) Ensure(ClientProgram npm, string package, string version)
    {
        var place = Path.Combine(Cache(), "clients", $"{package}-{version}");
        var modules = Path.Combine(place, "node_modules");
        if (Directory.Exists(modules))
        {
            return (modules, null);
        }

        var stage = $"{place}.{Environment.ProcessId}";
        try
        {
            Directory.CreateDirectory(stage);
            using var process = npm.Start(["install", "--prefix", stage, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", $"{package}@{version}"]);
            process.Output();
            if (process.ExitCode != 0)
            {
                return (null, process.StandardError.ReadToEnd().Split('\n')[0]);
            }

            Directory.Move(stage, place);
            return (modules, null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Another process may have been faster.
            return Directory.Exists(modules) ? (modules, null) : (null, error.Message);
        }
        finally
        {
            if (Directory.Exists(stage))
            {
                Directory.Delete(stage, recursive: true);
            }
        }
    }

    private static string Cache() =>
        Environment.GetEnvironmentVariable(CacheVariable) is { Length: > 0 } named ? named
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "pgtrickle");
}
