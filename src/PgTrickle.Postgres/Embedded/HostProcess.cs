using System.Diagnostics;
using System.Text;

namespace PgTrickle.Postgres.Embedded;

/// <summary>What a finished process left.</summary>
internal sealed record ProcessOutcome(int ExitCode, string Output, string Error)
{
    /// <summary>The last lines of whatever it printed, for an error message.</summary>
    public string Tail => Text.Tail(Error.Length > 0 ? Error : Output);
}

/// <summary>Starts helper programs with arguments passed one by one (no shell parses them) and a cleaned environment.</summary>
internal static class HostProcess
{
    public static async Task<ProcessOutcome> RunAsync(
        EmbeddedHost host, IReadOnlyList<string> command, string? input, CancellationToken cancellationToken, string workingDirectory = "/")
    {
        using var process = Start(host, command, workingDirectory);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await WriteInputAsync(process, input).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            return new ProcessOutcome(process.ExitCode, await output.ConfigureAwait(false), await error.ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Starts a program whose three standard streams are pipes to this process.</summary>
    public static Process Start(EmbeddedHost host, IReadOnlyList<string> command, string workingDirectory = "/")
    {
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            UseShellExecute = false,
            WorkingDirectory = workingDirectory,
        };
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        // PGDATA, PGPORT, PGOPTIONS and so on of the caller are about the caller's servers, not about this one.
        start.Environment.Clear();
        foreach (var (name, value) in host.Environment.Where(entry => !entry.Key.StartsWith("PG", StringComparison.Ordinal)))
        {
            start.Environment[name] = value;
        }

        // Messages are looked at ("could not bind"), so they must not be translated.
        start.Environment["LC_ALL"] = "C";
        return Process.Start(start) ?? throw new EmbeddedPostgresException($"{command[0]} could not be started.");
    }

    private static async Task WriteInputAsync(Process process, string? input)
    {
        try
        {
            if (input is not null)
            {
                await process.StandardInput.WriteAsync(input).ConfigureAwait(false);
            }

            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended without reading; its exit code and what it printed say why.
        }
    }
}

/// <summary>Small helpers for messages.</summary>
internal static class Text
{
    /// <summary>The last lines of a text, without empty ones.</summary>
    public static string Tail(string text, int lines = 12) => string.Join(
        '\n', text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).TakeLast(lines));
}
