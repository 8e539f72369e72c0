using System.Data;
using Npgsql;
using PgTrickle.Dvm;

namespace PgTrickle.Postgres.Compilation;

/// <summary>Compiles a query as a stream table of it would be compiled, and leaves nothing behind.</summary>
public static class QueryExplainer
{
    private const string IsInstalledSql = "SELECT pg_catalog.to_regclass('pgtrickle.stream_tables') IS NOT NULL";

    /// <summary>The schedule plays no role; the name is one that nobody has.</summary>
    private const string CreateSql = """
        SELECT pgtrickle.create_stream_table(name => $1, query => $2, schedule => '1d', refresh_mode => $3)
        """;

    private const string FindSql = "SELECT pgt_id FROM pgtrickle.stream_tables WHERE pgt_name = $1";

    /// <summary>Whether a database has stream tables at all.</summary>
    public static async Task<bool> IsInstalledAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(IsInstalledSql, connection);
        return (bool)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    /// <summary>
    /// Compiles a query with the caller's rights and search path. The stream table is created in a transaction that is rolled back, so that exactly what creation refuses is refused.
    /// </summary>
    /// <param name="connection">Open, not in a transaction; the role needs what creating the stream table would need.</param>
    /// <param name="query">The text of one query.</param>
    /// <param name="mode">The mode asked for.</param>
    /// <param name="compiler">Compiles it.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="PostgresException">The query's own error, or a missing right.</exception>
    /// <exception cref="CompileException">It can't be maintained in the mode asked for.</exception>
    public static async Task<CompiledPlan> CompileAsync(
        NpgsqlConnection connection, string query, RequestedMode mode, QueryCompiler compiler, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(compiler);
        var name = "pgtrickle_explain_" + Guid.NewGuid().ToString("N");
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation).ConfigureAwait(false);
        await using (var create = new NpgsqlCommand(CreateSql, connection))
        {
            foreach (var value in (string[])[name, query, mode.ToString().ToUpperInvariant()])
            {
                create.Parameters.Add(new NpgsqlParameter { Value = value });
            }

            await create.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }

        await using var find = new NpgsqlCommand(FindSql, connection) { Parameters = { new() { Value = name } } };
        var id = (long)(await find.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
        var input = await CatalogLoader.LoadAsync(connection, id, isKept: false, cancellation).ConfigureAwait(false);
        await transaction.RollbackAsync(cancellation).ConfigureAwait(false);
        return compiler(input.Analysis, input.Catalog, input.Options);
    }
}
