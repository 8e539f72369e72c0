using Npgsql;

namespace PgTrickle.Postgres.Catalog;

/// <summary>Utility statements (roles, grants) take no parameters, so the server itself quotes what goes into them.</summary>
internal static class UtilityStatement
{
    /// <summary>The text of a statement whose values are quoted by <c>format</c>.</summary>
    /// <param name="connection">Any open connection.</param>
    /// <param name="template">With <c>%I</c> for identifiers and <c>%L</c> for constants.</param>
    /// <param name="values">One for each placeholder.</param>
    /// <param name="cancellation">Ends the call.</param>
    public static async Task<string> FormatAsync(NpgsqlConnection connection, string template, string[] values, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("SELECT pg_catalog.format($1, VARIADIC $2::text[])", connection)
        {
            Parameters = { new() { Value = template }, new() { Value = values } },
        };
        return (string)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }
}
