using System.Globalization;
using Npgsql;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Benchmarks.Harness;

/// <summary>
/// Processor time of the server's processes behind some sessions, from the proc file system. On a machine that others use it says more than the time on the clock, which is mostly waiting for a core.
/// </summary>
/// <param name="database">Any connections to the server.</param>
/// <param name="role">Who logged in, as a LIKE pattern.</param>
/// <param name="applicationName">What the sessions call themselves, as a LIKE pattern.</param>
internal sealed class SessionTime(NpgsqlDataSource database, string role, string applicationName)
{
    private readonly Dictionary<int, long> _before = [];

    /// <summary>Begins to count.</summary>
    public async Task StartAsync()
    {
        foreach (var process in await ProcessesAsync())
        {
            _before[process] = NanosecondsOf(process);
        }
    }

    /// <summary>Since the start.</summary>
    public async Task<TimeSpan> ElapsedAsync()
    {
        var total = 0L;
        foreach (var process in await ProcessesAsync())
        {
            total += NanosecondsOf(process) - _before.GetValueOrDefault(process);
        }

        return TimeSpan.FromTicks(total / TimeSpan.NanosecondsPerTick);
    }

    private async Task<int[]> ProcessesAsync() =>
        await database.ScalarAsync<int[]>(
            "SELECT coalesce(array_agg(pid), '{}') FROM pg_stat_activity WHERE usename LIKE $1 AND application_name LIKE $2 AND backend_type = 'client backend'",
            role,
            applicationName) ?? [];

    /// <summary>The first field: nanoseconds on a processor.</summary>
    private static long NanosecondsOf(int process) =>
        long.Parse(File.ReadAllText($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/schedstat").Split(' ')[0], CultureInfo.InvariantCulture);
}
