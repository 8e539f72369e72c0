using System.Globalization;

namespace PgTrickle.Postgres.Embedded;

/// <summary>
/// The operating system user as whom the server's programs run: this process's own, or, since PostgreSQL refuses root, an
/// unprivileged one when this process is root.
/// </summary>
internal sealed class ServerAccount
{
    private readonly EmbeddedHost _host;
    private readonly IReadOnlyList<string> _prefix;
    private readonly string? _owner;

    private ServerAccount(EmbeddedHost host, IReadOnlyList<string> prefix, string? owner)
    {
        _host = host;
        _prefix = prefix;
        _owner = owner;
    }

    /// <summary>The command line that runs <paramref name="command"/> as this account.</summary>
    public IReadOnlyList<string> Command(params IReadOnlyList<string> command) => [.. _prefix, .. command];

    public static ServerAccount For(EmbeddedHost host)
    {
        if (!host.IsRoot)
        {
            return new ServerAccount(host, [], null);
        }

        var (name, uid, gid) = UnprivilegedUser();
        var owner = string.Create(CultureInfo.InvariantCulture, $"{uid}:{gid}");
        if (host.FindExecutable("setpriv") is { } setpriv)
        {
            return new ServerAccount(
                host,
                [setpriv, $"--reuid={uid.ToString(CultureInfo.InvariantCulture)}", $"--regid={gid.ToString(CultureInfo.InvariantCulture)}", "--clear-groups", "--"],
                owner);
        }

        if (host.FindExecutable("runuser") is { } runuser)
        {
            return new ServerAccount(host, [runuser, "-u", name, "--"], owner);
        }

        // su wants a command text; the shell it starts replaces itself by the arguments that follow.
        return host.FindExecutable("su") is { } su
            ? new ServerAccount(host, [su, "-s", "/bin/sh", name, "-c", "exec \"$0\" \"$@\"", "--"], owner)
            : throw new EmbeddedPostgresException(
                "PostgreSQL does not run as root, and none of setpriv, runuser and su is on PATH. Run this as an ordinary user, or install util-linux.");
    }

    /// <summary>Makes sure that a folder exists and belongs to this account. Files in it are left alone.</summary>
    public async Task OwnDirectoryAsync(string path, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(path);
        if (_owner is not null)
        {
            var outcome = await HostProcess.RunAsync(_host, ["chown", _owner, path], null, cancellationToken).ConfigureAwait(false);
            if (outcome.ExitCode != 0)
            {
                throw new EmbeddedPostgresException($"{path} could not be given to user {_owner}, as whom the server runs: {outcome.Tail}");
            }
        }
    }

    /// <summary>Makes an empty temporary folder that belongs to this account.</summary>
    public async Task<string> TemporaryDirectoryAsync(CancellationToken cancellationToken)
    {
        var failure = string.Empty;
        foreach (var parent in new[] { Path.GetTempPath(), "/tmp", "/var/tmp" }.Distinct())
        {
            var command = Command("mktemp", "-d", Path.Combine(parent, "pgtrickle-pg.XXXXXXXX"));
            var outcome = await HostProcess.RunAsync(_host, command, null, cancellationToken).ConfigureAwait(false);
            if (outcome.ExitCode == 0)
            {
                return outcome.Output.Trim();
            }

            failure = outcome.Tail;
        }

        throw new EmbeddedPostgresException($"No temporary folder could be made for the server's data: {failure}");
    }

    /// <summary>Whether this account can run a program: a folder on the way to it may be closed to it.</summary>
    public async Task<bool> CanExecuteAsync(string path, CancellationToken cancellationToken)
    {
        var outcome = await HostProcess.RunAsync(_host, Command("test", "-x", path), null, cancellationToken).ConfigureAwait(false);
        return outcome.ExitCode == 0;
    }

    private static (string Name, int Uid, int Gid) UnprivilegedUser()
    {
        var accounts = File.ReadLines("/etc/passwd")
            .Select(line => line.Split(':'))
            .Where(fields => fields.Length >= 4)
            .GroupBy(fields => fields[0])
            .ToDictionary(group => group.Key, group => group.First());
        foreach (var name in new[] { "postgres", "nobody" })
        {
            if (accounts.TryGetValue(name, out var fields)
                && int.TryParse(fields[2], CultureInfo.InvariantCulture, out var uid)
                && int.TryParse(fields[3], CultureInfo.InvariantCulture, out var gid)
                && uid != 0)
            {
                return (name, uid, gid);
            }
        }

        throw new EmbeddedPostgresException("PostgreSQL does not run as root, and there is neither a user postgres nor nobody. Create one of them.");
    }
}
