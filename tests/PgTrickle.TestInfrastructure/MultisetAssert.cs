using System.Collections.Concurrent;
using System.Data;
using System.Globalization;
using System.Text;
using Npgsql;
using Xunit.Sdk;

namespace PgTrickle.TestInfrastructure;

/// <summary>
/// The oracle of this project: a stream table and its query are the same multiset, by EXCEPT ALL in both directions, in one statement and so in one
/// snapshot. Columns whose type has no equality (json, xml, point ...) are compared as text.
/// </summary>
public static class MultisetAssert
{
    private const int RowsShown = 20;

    /// <summary>The first OID that user-defined objects get: below it, an OID means the same type in every database.</summary>
    private const uint FirstUserOid = 16384;

    private static readonly ConcurrentDictionary<uint, bool> BuiltInComparable = new();

    /// <summary>Asserts that both queries yield the same rows equally often.</summary>
    /// <param name="connection">Any connection; an open REPEATABLE READ transaction makes its snapshot the one compared in.</param>
    /// <param name="actual">The query of what there is.</param>
    /// <param name="expected">The query of what there should be.</param>
    public static async Task SameAsync(NpgsqlConnection connection, string actual, string expected)
    {
        if (await DifferenceAsync(connection, actual, expected) is { } difference)
        {
            throw new XunitException(difference);
        }
    }

    /// <summary>The difference in words, or null when there is none.</summary>
    public static async Task<string?> DifferenceAsync(NpgsqlConnection connection, string actual, string expected)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var columns = await ColumnsAsync(connection, actual);
        var expectedColumns = await ColumnsAsync(connection, expected);
        if (columns.Count != expectedColumns.Count)
        {
            return $"The queries have {columns.Count} and {expectedColumns.Count} columns.\nactual: {actual}\nexpected: {expected}";
        }

        var comparable = new List<bool>();
        foreach (var (left, right) in columns.Zip(expectedColumns))
        {
            comparable.Add(await IsComparableAsync(connection, left) && await IsComparableAsync(connection, right));
        }

        var found = await connection.QueryAsync(ComparisonSql(actual, expected, comparable));
        return found.Rows.Count == 0 ? null : Describe(found, [.. columns.Select(column => column.Name)], actual, expected);
    }

    private static string ComparisonSql(string actual, string expected, List<bool> comparable)
    {
        var names = string.Join(", ", comparable.Select((_, index) => $"c{index}"));
        var values = string.Join(", ", comparable.Select((isComparable, index) => isComparable ? $"c{index}" : $"c{index}::text"));
        return $"""
            WITH actual({names}) AS MATERIALIZED (SELECT {values} FROM ({Body(actual)}
            ) AS q({names})), expected({names}) AS MATERIALIZED (SELECT {values} FROM ({Body(expected)}
            ) AS q({names})), missing AS (SELECT * FROM expected EXCEPT ALL SELECT * FROM actual),
            surplus AS (SELECT * FROM actual EXCEPT ALL SELECT * FROM expected)
            (SELECT 'missing', count(*) OVER (), ROW({names})::text FROM missing ORDER BY 3 LIMIT {RowsShown})
            UNION ALL
            (SELECT 'surplus', count(*) OVER (), ROW({names})::text FROM surplus ORDER BY 3 LIMIT {RowsShown})
            """;
    }

    private static string Body(string query) => query.TrimEnd().TrimEnd(';');

    private static string Describe(QueryResult found, IReadOnlyList<string> columns, string actual, string expected)
    {
        var text = new StringBuilder("The results differ.\n")
            .Append(CultureInfo.InvariantCulture, $"actual:   {actual}\nexpected: {expected}\ncolumns:  ({string.Join(",", columns)})\n");
        foreach (var side in found.Rows.GroupBy(row => (string)row[0]!))
        {
            var total = (long)side.First()[1]!;
            text.Append(CultureInfo.InvariantCulture, $"{total} row(s) {(side.Key == "missing" ? "missing from actual" : "too many in actual")}:\n");
            foreach (var row in side)
            {
                text.Append(CultureInfo.InvariantCulture, $"    {(side.Key == "missing" ? '-' : '+')} {row[2]}\n");
            }

            if (total > RowsShown)
            {
                text.Append(CultureInfo.InvariantCulture, $"    and {total - RowsShown} more\n");
            }
        }

        return text.ToString();
    }

    private static async Task<List<(string Name, uint TypeOid)>> ColumnsAsync(NpgsqlConnection connection, string query)
    {
        await using var command = new NpgsqlCommand(Body(query), connection);
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SchemaOnly);
        var columns = new List<(string, uint)>();
        for (var index = 0; index < reader.FieldCount; index++)
        {
            columns.Add((reader.GetName(index), reader.GetDataTypeOID(index)));
        }

        return columns;
    }

    /// <summary>Whether a type has an equality operator, elements of arrays and fields of rows included.</summary>
    private static async Task<bool> IsComparableAsync(NpgsqlConnection connection, (string Name, uint TypeOid) column)
    {
        if (BuiltInComparable.TryGetValue(column.TypeOid, out var known))
        {
            return known;
        }

        var comparable = await connection.ScalarAsync<bool>(ComparableSql, checked((long)column.TypeOid));
        if (column.TypeOid < FirstUserOid)
        {
            BuiltInComparable[column.TypeOid] = comparable;
        }

        return comparable;
    }

    /// <summary>Takes a type apart (domain, array, row, range stay as they are) and looks for the default operator class of every part.</summary>
    private const string ComparableSql = """
        WITH RECURSIVE part(oid) AS (
            SELECT $1::oid
            UNION
            SELECT piece.oid
            FROM part
            JOIN pg_catalog.pg_type t ON t.oid = part.oid
            CROSS JOIN LATERAL (
                SELECT t.typbasetype WHERE t.typtype = 'd'
                UNION ALL SELECT t.typelem WHERE t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc
                UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
                    WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
            ) AS piece(oid)
        )
        SELECT NOT EXISTS (
            SELECT FROM part JOIN pg_catalog.pg_type t ON t.oid = part.oid
            WHERE t.typtype IN ('b', 'p')
                AND t.typsubscript <> 'pg_catalog.array_subscript_handler'::regproc
                AND NOT EXISTS (
                    SELECT FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod
                    WHERE c.opcdefault AND m.amname = 'btree'
                        AND (c.opcintype = t.oid
                            OR EXISTS (
                                SELECT FROM pg_catalog.pg_cast k
                                WHERE k.castsource = t.oid AND k.casttarget = c.opcintype AND k.castmethod = 'b' AND k.castcontext = 'i'))))
        """;
}
