using Akka.Configuration;
using Npgsql;
using PgTrickle.Dvm;
using PgTrickle.Postgres.Catalog;
using PgTrickle.Postgres.Embedded;
using PgTrickle.Postgres.Migrations;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Cli.CommandLine;

/// <summary>What a failure looks like to the person who called the command, and the exit code. Never a stack trace, never a secret.</summary>
/// <param name="Lines">For standard error.</param>
/// <param name="Code">One of <see cref="ExitCode"/>.</param>
internal sealed record ErrorReport(IReadOnlyList<string> Lines, int Code)
{
    /// <summary>Classes and codes of SQLSTATE that are about getting in or about the server's state, not about what was asked of it.</summary>
    private static readonly string[] EnvironmentStates = ["08", "28", "3D000", "53", "57P01", "57P02", "57P03", "58"];

    public static ErrorReport Of(Exception failure) => failure switch
    {
        CliException own => new([$"error: {own.Message}", .. Labelled("HINT", own.Hint)], own.ExitCode),
        PostgresException server => OfServer(server),
        RefreshFailedException refresh => new(
            [$"error: {refresh.Message} (SQLSTATE {refresh.SqlState})", .. Labelled("DETAIL", refresh.Detail), .. Labelled("HINT", refresh.Hint)],
            ExitCode.Failed),
        CompileException compiler => new(
            [$"ERROR: {compiler.Error.Message} (SQLSTATE {compiler.Error.SqlState})", $"DETAIL: {compiler.Error.Detail}", $"HINT: {compiler.Error.Hint}"],
            ExitCode.Failed),
        InstallException or MigrationException => new([$"error: {failure.Message}"], ExitCode.Environment),
        EmbeddedPostgresException embedded => new([$"error: {embedded.Message}"], ExitCode.Environment),
        ConfigurationException configuration => new([$"error: {configuration.Message}"], ExitCode.Usage),
        OperationCanceledException => new(["interrupted"], ExitCode.Interrupted),
        NpgsqlException connection => new([$"error: {Innermost(connection)}", "HINT: Check host, port and TLS settings of the connection."], ExitCode.Environment),
        TimeoutException timeout => new([$"error: {timeout.Message}"], ExitCode.Failed),
        _ => new([$"internal error: {failure.GetType().Name}: {failure.Message}", "HINT: Please report it with the command you ran."], ExitCode.Internal),
    };

    private static ErrorReport OfServer(PostgresException error)
    {
        var lines = new List<string> { $"{error.InvariantSeverity}: {error.MessageText} (SQLSTATE {error.SqlState})" };
        lines.AddRange(Labelled("DETAIL", error.Detail));
        lines.AddRange(Labelled("HINT", error.Hint));
        lines.AddRange(Labelled("POSITION", error.Position > 0 ? $"character {error.Position} of the query" : null));
        var isEnvironment = EnvironmentStates.Any(state => error.SqlState.StartsWith(state, StringComparison.Ordinal));
        return new ErrorReport(lines, isEnvironment ? ExitCode.Environment : ExitCode.Failed);
    }

    /// <summary>Npgsql wraps what the operating system said; that is what tells a wrong port from a wrong name.</summary>
    private static string Innermost(NpgsqlException failure) => failure.InnerException is { } inner && !failure.Message.Contains(inner.Message, StringComparison.Ordinal)
        ? $"{failure.Message}: {inner.Message}"
        : failure.Message;

    private static IEnumerable<string> Labelled(string label, string? text) => string.IsNullOrEmpty(text) ? [] : [$"{label}: {text}"];
}
