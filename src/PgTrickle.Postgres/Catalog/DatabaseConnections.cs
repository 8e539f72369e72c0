using System.Globalization;
using Npgsql;

namespace PgTrickle.Postgres.Catalog;

/// <summary>
/// The two kinds of sessions that a node has with a database: <em>control</em>, a member of role pgtrickle that acts as it and never runs
/// users' code, and <em>worker</em>, role pgtrickle_worker, which has no rights and runs nothing else.
/// </summary>
public static class DatabaseConnections
{
    /// <summary>How long the server keeps a silent connection of a frozen or unreachable node.</summary>
    private const int NetworkTimeoutMilliseconds = 20_000;

    /// <summary>How long a transaction may be idle: longer pauses than a node ever makes.</summary>
    private const int IdleInTransactionMilliseconds = 60_000;

    private const int KeepAliveSeconds = 5;

    /// <summary>Makes the control connections.</summary>
    /// <param name="connectionString">A login role that is a member of pgtrickle.</param>
    /// <param name="applicationName">Shown in pg_stat_activity; at most 63 bytes.</param>
    /// <param name="configure">Changes the connection string at last, for instance the size of the pool.</param>
    public static NpgsqlDataSource Control(string connectionString, string applicationName, Action<NpgsqlConnectionStringBuilder>? configure = null)
    {
        var builder = Common(connectionString, applicationName);
        builder.Options = Join(builder.Options, "-c role=pgtrickle -c search_path=pg_catalog,pg_temp -c jit=off", Guards);
        configure?.Invoke(builder);
        return NpgsqlDataSource.Create(builder);
    }

    /// <summary>Makes the worker connections, with the password that the installation stored.</summary>
    /// <param name="control">Connections made by <see cref="Control"/>, from which the password is read.</param>
    /// <param name="connectionString">Where the database is; role and password of it are not used.</param>
    /// <param name="applicationName">Names node and epoch, so that a successor can end a predecessor's sessions; at most 63 bytes.</param>
    /// <param name="configure">Changes the connection string at last, for instance the size of the pool.</param>
    /// <param name="cancellation">Ends the reading of the password.</param>
    /// <exception cref="InstallException">No password is stored.</exception>
    public static async Task<NpgsqlDataSource> WorkerAsync(
        NpgsqlDataSource control, string connectionString, string applicationName,
        Action<NpgsqlConnectionStringBuilder>? configure = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(control);
        await using var connection = await control.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        var password = await WorkerSecret.ReadAsync(connection, cancellation).ConfigureAwait(false)
            ?? throw new InstallException("No password of role pgtrickle_worker is stored in this database. Run: pgtrickle install");
        return Worker(new NpgsqlConnectionStringBuilder(connectionString) { Username = InstalledSchema.WorkerRole, Password = password }.ConnectionString, applicationName, configure);
    }

    /// <summary>Makes the worker connections from a connection string of role pgtrickle_worker's own.</summary>
    public static NpgsqlDataSource Worker(string connectionString, string applicationName, Action<NpgsqlConnectionStringBuilder>? configure = null)
    {
        var builder = Common(connectionString, applicationName);
        builder.Options = Join(builder.Options, "-c search_path=pg_catalog,pg_temp -c jit=off", Guards);
        configure?.Invoke(builder);
        return NpgsqlDataSource.Create(builder);
    }

    /// <summary>
    /// What ends the sessions of a node that is gone; and what would change the meaning of our statements, or end them, if the database or the role had another default.
    /// Clean-up, for one, looks again once it has a lock, which a transaction of another isolation level would do in vain.
    /// </summary>
    private static string Guards { get; } = string.Create(CultureInfo.InvariantCulture,
        $"-c tcp_user_timeout={NetworkTimeoutMilliseconds} -c tcp_keepalives_idle={KeepAliveSeconds} -c tcp_keepalives_interval={KeepAliveSeconds} -c tcp_keepalives_count=3 -c idle_in_transaction_session_timeout={IdleInTransactionMilliseconds} ")
        + "-c idle_session_timeout=0 -c statement_timeout=0 -c lock_timeout=0 "
        + @"-c default_transaction_isolation=read\ committed -c default_transaction_read_only=off -c default_transaction_deferrable=off "
        + "-c row_security=on -c standard_conforming_strings=on -c quote_all_identifiers=off -c array_nulls=on -c transform_null_equals=off "
        + "-c DateStyle=ISO,MDY -c IntervalStyle=postgres -c extra_float_digits=1 -c bytea_output=hex";

    private static NpgsqlConnectionStringBuilder Common(string connectionString, string applicationName) => new(connectionString)
    {
        ApplicationName = applicationName,
        TcpKeepAlive = true,
        TcpKeepAliveTime = KeepAliveSeconds,
        TcpKeepAliveInterval = KeepAliveSeconds,
        Enlist = false,
    };

    private static string Join(params string?[] options) => string.Join(' ', options.Where(option => !string.IsNullOrEmpty(option)));
}
