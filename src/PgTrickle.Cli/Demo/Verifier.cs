using System.Collections.Immutable;
using System.Data;
using Npgsql;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Cli.Demo;

/// <summary>A stream table and the query it should equal.</summary>
/// <param name="Table">Its name.</param>
/// <param name="Query">The defining query as its creator wrote it; run with the search path of the comparing connection.</param>
internal sealed record VerifiedTable(QualifiedName Table, string Query);

/// <summary>How a stream table differs from its query.</summary>
/// <param name="Table">Its name.</param>
/// <param name="Missing">Rows that the query yields and the table lacks.</param>
/// <param name="Unexpected">Rows of the table that the query does not yield.</param>
/// <param name="Samples">A few of them, as text: '-' is missing, '+' unexpected.</param>
internal sealed record Difference(QualifiedName Table, long Missing, long Unexpected, ImmutableArray<string> Samples);

/// <summary>
/// Compares stream tables with their queries as multisets, by EXCEPT ALL in both directions, all in one snapshot. It uses nothing of pgtrickle, so
/// that it can't repeat an error of what it checks.
/// </summary>
internal static class Verifier
{
    /// <summary>
    /// The text of a comparison, quoted by the server. Columns that the system added have the prefix __pgt_ and are no part of the contents.
    /// </summary>
    private const string ComparisonText = """
        SELECT pg_catalog.format($comparison$
            WITH actual AS MATERIALIZED (SELECT %1$s FROM %2$s),
            expected AS MATERIALIZED (SELECT * FROM (%3$s
            ) AS q (%1$s)),
            missing AS (SELECT * FROM expected EXCEPT ALL SELECT * FROM actual),
            unexpected AS (SELECT * FROM actual EXCEPT ALL SELECT * FROM expected)
            (SELECT '-', count(*) OVER (), ROW(m.*)::text FROM missing m ORDER BY 3 LIMIT 5)
            UNION ALL
            (SELECT '+', count(*) OVER (), ROW(u.*)::text FROM unexpected u ORDER BY 3 LIMIT 5)
            $comparison$, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum), $1::regclass, $2)
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND NOT starts_with(a.attname, '__pgt_')
        """;

    /// <summary>Compares all of them.</summary>
    /// <param name="connection">Open, of a role that may read the stream tables and their sources, not in a transaction.</param>
    /// <param name="tables">What to compare.</param>
    /// <param name="compared">Called before each comparison.</param>
    /// <param name="cancellation">Ends the comparison.</param>
    public static async Task<ImmutableArray<Difference>> CompareAsync(
        NpgsqlConnection connection, IReadOnlyList<VerifiedTable> tables, Action<VerifiedTable> compared, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation);
        var differences = ImmutableArray.CreateBuilder<Difference>();
        foreach (var table in tables)
        {
            compared(table);
            if (await CompareAsync(connection, table, cancellation) is { } difference)
            {
                differences.Add(difference);
            }
        }

        await transaction.RollbackAsync(cancellation);
        return differences.ToImmutable();
    }

    private static async Task<Difference?> CompareAsync(NpgsqlConnection connection, VerifiedTable table, CancellationToken cancellation)
    {
        await using var text = new NpgsqlCommand(ComparisonText, connection);
        text.Parameters.Add(new NpgsqlParameter { Value = table.Table.ToString() });
        text.Parameters.Add(new NpgsqlParameter { Value = table.Query });
        await using var command = new NpgsqlCommand((string)(await text.ExecuteScalarAsync(cancellation))!, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var counts = new Dictionary<string, long> { ["-"] = 0, ["+"] = 0 };
        var samples = ImmutableArray.CreateBuilder<string>();
        while (await reader.ReadAsync(cancellation))
        {
            var side = reader.GetString(0);
            counts[side] = reader.GetInt64(1);
            samples.Add($"{side} {reader.GetString(2)}");
        }

        return samples.Count == 0 ? null : new Difference(table.Table, counts["-"], counts["+"], samples.ToImmutable());
    }
}
