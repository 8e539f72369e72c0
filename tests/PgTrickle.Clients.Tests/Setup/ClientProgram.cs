using System.Diagnostics;
using System.Globalization;
using PgTrickle.TestInfrastructure.Gateways;

namespace PgTrickle.Clients.Tests.Setup;

/// <summary>A client that nobody here wrote and that is a program of its own, or is run by one.</summary>
/// <param name="Name">What users call it.</param>
/// <param name="Path">The program; null when it was not found.</param>
/// <param name="Missing">Why it was not found, and what helps.</param>
internal sealed record ClientProgram(string Name, string? Path, string Missing)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>Arguments in front of those of a test.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Variables of its environment.</summary>
    public IReadOnlyList<(string Name, string Value)> Variables { get; init; } = [];

    /// <summary>A program on PATH, or where the packages of PostgreSQL put theirs.</summary>
    public static ClientProgram Find(string name, string package)
    {
        var path = Folders().Select(folder => System.IO.Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        return new ClientProgram(name, path, $"{name} was not found: install {package}, or put it on PATH");
    }

    /// <summary>Runs it against a gateway, as the database's owner, and waits until it ends.</summary>
    public Task<ClientResult> RunAsync(GatewayFixture fixture, IReadOnlyList<string> arguments, string? input = null, int? port = null) => RunAsync(
        arguments,
        input,
        ("PGHOST", "127.0.0.1"), ("PGPORT", (port ?? fixture.Port).ToString(CultureInfo.InvariantCulture)), ("PGDATABASE", fixture.Database.Name),
        ("PGUSER", fixture.Database.OwnerRole), ("PGSSLMODE", "disable"));

    /// <summary>Runs it with variables in its environment and waits until it ends.</summary>
    public async Task<ClientResult> RunAsync(IReadOnlyList<string> arguments, string? input, params (string Name, string Value)[] variables)
    {
        using var process = Start(arguments, variables);
        using var patience = new CancellationTokenSource(Patience);
        var output = process.StandardOutput.ReadToEndAsync(patience.Token);
        var error = process.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{Name} did not end within {Patience.TotalSeconds} s");
        }

        return new ClientResult(process.ExitCode, await output, await error);
    }

    /// <summary>Starts it with pipes for its three streams.</summary>
    public Process Start(IReadOnlyList<string> arguments, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(Path ?? throw new InvalidOperationException(Missing), [.. Arguments, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // What is tested is not this user's configuration.
        foreach (var inherited in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(inherited);
        }

        start.Environment["PGGSSENCMODE"] = "disable";
        foreach (var (variable, value) in Variables.Concat(variables))
        {
            start.Environment[variable] = value;
        }

        return Process.Start(start)!;
    }

    private static IEnumerable<string> Folders() => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
        .Split(System.IO.Path.PathSeparator)
        .Concat(Enumerable.Range(15, 10).Reverse().Select(version => $"/usr/lib/postgresql/{version}/bin"));
}

/// <summary>How a program ended.</summary>
internal sealed record ClientResult(int ExitCode, string Output, string Error)
{
    /// <summary>What it printed, by line.</summary>
    public IReadOnlyList<string> Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
