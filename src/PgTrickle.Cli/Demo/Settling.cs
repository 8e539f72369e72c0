using Npgsql;
using PgTrickle.Scheduling.Schedules;

namespace PgTrickle.Cli.Demo;

/// <summary>Brings stream tables up to date once writing has ended: waits for those that are due soon, asks for the others.</summary>
internal static class Settling
{
    /// <summary>What is refreshed at longer intervals than this is refreshed by call.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>
    /// Waits until each stream table reflects everything committed before. Tables are taken in the order in which they were made, so that those
    /// read by others come first.
    /// </summary>
    /// <param name="connection">Open, of the owner, not in a transaction.</param>
    /// <param name="tables">In the order in which they were made.</param>
    /// <param name="show">Shows which is waited for.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="PostgresException">One can't be refreshed: what the refresh reported, or 57014 when it takes too long.</exception>
    public static async Task SettleAsync(
        NpgsqlConnection connection, IReadOnlyList<StreamTableFigures> tables, Action<string> show, CancellationToken cancellation)
    {
        foreach (var table in tables)
        {
            show($"Waiting for {table.Table.Name}");
            if (!IsDueSoon(table.Schedule, table.Tier))
            {
                await CallAsync(connection, "SELECT pgtrickle.refresh_stream_table($1)", cancellation, table.Table.ToString());
            }

            await WaitAsync(connection, table, cancellation);
        }
    }

    /// <summary>Waits until a stream table reflects everything committed before.</summary>
    public static Task WaitAsync(NpgsqlConnection connection, StreamTableFigures table, CancellationToken cancellation) =>
        CallAsync(connection, "CALL pgtrickle.wait_for($1, $2)", cancellation, table.Table.ToString(), Patience);

    /// <summary>Whether the schedule, with its tier, makes a refresh due within <see cref="LongestWait"/>.</summary>
    public static bool IsDueSoon(string schedule, string tier) =>
        ScheduleParser.TryParse(schedule, out var parsed, out _)
        && Tiers.TryParse(tier, out var known)
        && known.Value.Multiplier() is { } multiplier
        && parsed switch
        {
            DurationSchedule duration => duration.Interval * multiplier <= LongestWait,
            CalculatedSchedule => true,
            _ => false,
        };

    private static async Task CallAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation, params object[] values)
    {
        // The server ends the wait; the client's own limit must not be shorter.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = (int)(Patience * 2).TotalSeconds };
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync(cancellation);
    }
}
