using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Benchmarks.Refresh;

/// <summary>
/// The counterpart of a refresh: a table with a unique index and one MERGE, in a transaction that also moves a frontier, sent as one pipelined batch.
/// It has no guards, checks no rights and keeps no history.
/// </summary>
internal sealed class HandWritten(NpgsqlDataSource database, Scenario scenario, string target, string buffer)
{
    private readonly string _merge = scenario.Merge.Replace("{target}", target, StringComparison.Ordinal).Replace("{orders}", buffer, StringComparison.Ordinal);

    public async Task PrepareAsync()
    {
        await database.ExecuteAsync($"CREATE TABLE {target} AS {scenario.Query}");
        await database.ExecuteAsync($"CREATE UNIQUE INDEX ON {target} ({scenario.Key})");
        await database.ExecuteAsync($"ANALYZE {target}");
        await database.ExecuteAsync($"CREATE TABLE {target}_frontier AS SELECT pg_current_snapshot() AS snapshot");
    }

    /// <summary>Applies what changed since the last call; milliseconds.</summary>
    public async Task<double> RefreshAsync()
    {
        var started = Stopwatch.GetTimestamp();
        await using var connection = await database.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new("BEGIN ISOLATION LEVEL REPEATABLE READ"));
        // Bound by a statement before, as a program that keeps the frontier in memory would.
        batch.BatchCommands.Add(new(_merge)
        {
            Parameters = { new() { Value = _frontier ??= await FrontierAsync(connection), NpgsqlDbType = NpgsqlDbType.Unknown } },
        });
        batch.BatchCommands.Add(new($"UPDATE {target}_frontier SET snapshot = pg_current_snapshot() RETURNING snapshot::text"));
        batch.BatchCommands.Add(new("COMMIT"));
        await using (var reader = await batch.ExecuteReaderAsync())
        {
            do
            {
                if (reader.FieldCount == 1 && await reader.ReadAsync())
                {
                    _frontier = reader.GetString(0);
                }
            }
            while (await reader.NextResultAsync());
        }

        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private string? _frontier;

    private async Task<string> FrontierAsync(NpgsqlConnection connection) =>
        (await connection.ScalarAsync<string>($"SELECT snapshot::text FROM {target}_frontier"))!;
}
