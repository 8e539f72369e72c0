using Npgsql;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Lifecycle;

internal static class Refusal
{
    /// <summary>Asserts that a statement is refused with an SQLSTATE, a DETAIL and a HINT, and returns the error.</summary>
    public static async Task<PostgresException> OfAsync(NpgsqlDataSource source, string sqlState, string sql)
    {
        var refusal = await PlainAsync(source, sqlState, sql);
        Assert.False(string.IsNullOrWhiteSpace(refusal.Detail), $"No DETAIL: {refusal.MessageText}");
        Assert.False(string.IsNullOrWhiteSpace(refusal.Hint), $"No HINT: {refusal.MessageText}");
        return refusal;
    }

    /// <summary>The same for errors of PostgreSQL itself, which have neither.</summary>
    public static async Task<PostgresException> PlainAsync(NpgsqlDataSource source, string sqlState, string sql)
    {
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => source.ExecuteAsync(sql));
        Assert.True(sqlState == refusal.SqlState, $"Expected {sqlState} but was {refusal.SqlState}: {refusal.MessageText}\n{sql}");
        return refusal;
    }
}
