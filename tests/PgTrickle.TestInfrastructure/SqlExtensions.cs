using Npgsql;

namespace PgTrickle.TestInfrastructure;

/// <summary>Column names and rows of a query; null stands for NULL.</summary>
public sealed record QueryResult(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<object?>> Rows)
{
    /// <summary>The values of the first column.</summary>
    public IEnumerable<T> Column<T>() => Rows.Select(row => (T)row[0]!);
}

/// <summary>Short forms for tests. Parameters are positional: $1, $2.</summary>
public static class SqlExtensions
{
    public static async Task<int> ExecuteAsync(this NpgsqlDataSource source, string sql, params object?[] parameters)
    {
        ArgumentNullException.ThrowIfNull(source);
        await using var connection = await source.OpenConnectionAsync();
        return await connection.ExecuteAsync(sql, parameters);
    }

    public static async Task<int> ExecuteAsync(this NpgsqlConnection connection, string sql, params object?[] parameters)
    {
        await using var command = Command(connection, sql, parameters);
        return await command.ExecuteNonQueryAsync();
    }

    public static async Task<T?> ScalarAsync<T>(this NpgsqlDataSource source, string sql, params object?[] parameters)
    {
        ArgumentNullException.ThrowIfNull(source);
        await using var connection = await source.OpenConnectionAsync();
        return await connection.ScalarAsync<T>(sql, parameters);
    }

    public static async Task<T?> ScalarAsync<T>(this NpgsqlConnection connection, string sql, params object?[] parameters)
    {
        await using var command = Command(connection, sql, parameters);
        return await command.ExecuteScalarAsync() is { } value and not DBNull ? (T)value : default;
    }

    public static async Task<QueryResult> QueryAsync(this NpgsqlDataSource source, string sql, params object?[] parameters)
    {
        ArgumentNullException.ThrowIfNull(source);
        await using var connection = await source.OpenConnectionAsync();
        return await connection.QueryAsync(sql, parameters);
    }

    public static async Task<QueryResult> QueryAsync(this NpgsqlConnection connection, string sql, params object?[] parameters)
    {
        await using var command = Command(connection, sql, parameters);
        await using var reader = await command.ExecuteReaderAsync();
        var columns = Enumerable.Range(0, reader.FieldCount).Select(reader.GetName).ToList();
        var rows = new List<IReadOnlyList<object?>>();
        while (await reader.ReadAsync())
        {
            var values = new object?[reader.FieldCount];
            reader.GetValues(values!);
            rows.Add(Array.ConvertAll(values, value => value is DBNull ? null : value));
        }

        return new QueryResult(columns, rows);
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, object?[] parameters)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = parameter ?? DBNull.Value });
        }

        return command;
    }
}
