namespace PgTrickle.Cli.Up;

/// <summary>Where the logs of nodes go: a folder that was asked for, or a temporary one that is removed unless it is still needed.</summary>
internal sealed class LogDirectory : IDisposable
{
    private readonly bool _isTemporary;

    public LogDirectory(string? path)
    {
        _isTemporary = path is null;
        Path = path is null ? Directory.CreateTempSubdirectory("pgtrickle-logs-").FullName : Directory.CreateDirectory(path).FullName;
    }

    public string Path { get; }

    /// <summary>Set when something went wrong that the logs may explain.</summary>
    public bool Keep { get; set; }

    public void Dispose()
    {
        if (_isTemporary && !Keep)
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
