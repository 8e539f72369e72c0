using System.Diagnostics;
using System.Globalization;

namespace PgTrickle.Gateway.Tests.Setup;

/// <summary>A client that is a program of its own. Those that are not found are told of, once, by the tests that want them.</summary>
internal sealed class ClientProgram(string name)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static ClientProgram Psql { get; } = new("psql");

    public static ClientProgram Pgbench { get; } = new("pgbench");

    public string Name { get; } = name;

    public string? Path { get; } = Find(name);

    /// <summary>Runs it against a gateway and waits until it ends.</summary>
    public Task<ClientResult> RunAsync(GatewayFixture fixture, IReadOnlyList<string> arguments, string? input = null) => RunAsync(
        arguments,
        input,
        ("PGHOST", "127.0.0.1"), ("PGPORT", fixture.Port.ToString(CultureInfo.InvariantCulture)), ("PGDATABASE", fixture.Database.Name),
        ("PGUSER", fixture.Database.OwnerRole), ("PGSSLMODE", "disable"));

    /// <summary>Runs it with variables in its environment and waits until it ends.</summary>
    public async Task<ClientResult> RunAsync(IReadOnlyList<string> arguments, string? input, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(Path!, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PGGSSENCMODE"] = "disable";
        foreach (var (variable, value) in variables)
        {
            start.Environment[variable] = value;
        }

        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(Patience);
        var output = process.StandardOutput.ReadToEndAsync(patience.Token);
        var error = process.StandardError.ReadToEndAsync(patience.Token);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{Name} did not end within {Patience.TotalSeconds} s");
        }

        return new ClientResult(process.ExitCode, await output, await error);
    }

    private static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
        .Split(System.IO.Path.PathSeparator)
        .Concat(Enumerable.Range(15, 10).Reverse().Select(version => $"/usr/lib/postgresql/{version}/bin"))
        .Select(folder => System.IO.Path.Combine(folder, name))
        .FirstOrDefault(File.Exists);
}

/// <summary>How a program ended.</summary>
internal sealed record ClientResult(int ExitCode, string Output, string Error);
