using System.Diagnostics;

namespace PgTrickle.Architecture.Tests;

/// <summary>A file of the repository.</summary>
/// <param name="Path">Relative to the root, with slashes.</param>
internal sealed record RepositoryFile(string Path)
{
    public string Name => System.IO.Path.GetFileName(Path);

    public string Extension => System.IO.Path.GetExtension(Path);

    public string FullPath => System.IO.Path.Combine(Repository.Root, Path);

    public string Read() => File.ReadAllText(FullPath);

    public bool IsUnder(params string[] folders) => folders.Any(folder => Path.StartsWith(folder + "/", StringComparison.Ordinal));
}

/// <summary>The repository that these tests were built from.</summary>
internal static class Repository
{
    public const string SolutionName = "PgTrickle.Cluster.sln";

    private static readonly HashSet<string> Derived = ["bin", "obj", ".git", ".vs", "artifacts", "TestResults", "node_modules"];

    public static string Root { get; } = FindRoot();

    /// <summary>What git tracks or would track; without git every file that no tool has derived.</summary>
    public static IReadOnlyList<RepositoryFile> Files { get; } = [.. ListFiles().Where(file => File.Exists(file.FullPath))];

    public static IEnumerable<RepositoryFile> Sources => Files.Where(file => file.Extension == ".cs");

    public static IEnumerable<RepositoryFile> Projects => Files.Where(file => file.Extension == ".csproj");

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, SolutionName)))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"{SolutionName} is in no folder above {AppContext.BaseDirectory}");
    }

    private static IEnumerable<RepositoryFile> ListFiles()
    {
        var start = new ProcessStartInfo("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var git = Process.Start(start)!;
            var output = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
            if (git.ExitCode == 0)
            {
                return output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(path => new RepositoryFile(path));
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // No git: a source archive is looked at as it lies there.
        }

        return Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(Derived.Contains))
            .Select(path => new RepositoryFile(path));
    }
}
