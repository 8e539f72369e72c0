using Npgsql;

namespace PgTrickle.Cli.Connections;

/// <summary>
/// Connections for a few statements of an administrator. They are closed for real: a pooled one would be in the way of dropping a database, and show its last
/// statement for as long as the command runs.
/// </summary>
internal static class ShortConnection
{
    public static async Task<NpgsqlConnection> OpenAsync(NpgsqlConnectionStringBuilder target, CancellationToken cancellation)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(target.ConnectionString) { Pooling = false }.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
