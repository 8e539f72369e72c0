using Npgsql;

namespace PgTrickle.Cli.Connections;

/// <summary>
/// Statements that can't take parameters. The server itself quotes what goes into them, with <c>format</c>: %I for identifiers, %L for literals.
/// </summary>
internal static class ServerFormatted
{
    private const string FormatSql = "SELECT pg_catalog.format($1, VARIADIC $2)";

    /// <summary>Has the server fill in a template, and runs the result.</summary>
    public static async Task ExecuteAsync(NpgsqlConnection connection, string template, CancellationToken cancellation, params string[] values)
    {
        await using var format = new NpgsqlCommand(FormatSql, connection);
        format.Parameters.Add(new NpgsqlParameter { Value = template });
        format.Parameters.Add(new NpgsqlParameter { Value = values });
        await using var command = new NpgsqlCommand((string)(await format.ExecuteScalarAsync(cancellation))!, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
