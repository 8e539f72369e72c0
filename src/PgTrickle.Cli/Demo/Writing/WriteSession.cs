using Npgsql;

namespace PgTrickle.Cli.Demo.Writing;

/// <summary>One writer's connection with its source of randomness.</summary>
/// <param name="connection">Open, and this session's alone.</param>
/// <param name="random">Seeded.</param>
/// <param name="keys">Shared with the other writers.</param>
internal sealed class WriteSession(NpgsqlConnection connection, Random random, SharedKeys keys)
{
    public NpgsqlConnection Connection { get; } = connection;

    public Random Random { get; } = random;

    public SharedKeys Keys { get; } = keys;

    /// <summary>Runs a statement.</summary>
    /// <returns>The number of rows changed.</returns>
    public async Task<int> ExecuteAsync(string sql, CancellationToken cancellation, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, Connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Values from a function, <paramref name="count"/> of them.</summary>
    public static T[] Many<T>(int count, Func<T> next) => [.. Enumerable.Range(0, count).Select(_ => next())];

    /// <summary>Distinct numbers from 1 to <paramref name="limit"/>, ascending so that writers rarely deadlock; fewer when chance repeats itself.</summary>
    public int[] SomeKeys(int limit, int most) =>
        limit < 1 ? [] : [.. Many(Random.Next(1, most + 1), () => Random.Next(1, limit + 1)).Distinct().Order()];

    /// <summary>One of several.</summary>
    public T OneOf<T>(params ReadOnlySpan<T> choices) => choices[Random.Next(choices.Length)];
}
