using Npgsql;
using PgTrickle.Sql.Printing;
using PgTrickle.Sql.Syntax;
using Xunit.Sdk;

namespace PgTrickle.Sql.Tests.Corpus;

/// <summary>
/// The one claim that the corpus checks: what the printer makes of a parsed view means the same view to PostgreSQL. Not every canonical text is a fixed
/// point for PostgreSQL itself (it pushes a cast of ARRAY[...] into the elements when it reads it again), so the standard is what it makes of the
/// text; where it can't read its own text (marks of CYCLE), the text.
/// </summary>
internal static class RoundTrip
{
    /// <summary>Parses canonical text and prints it in both layouts; each must read as the same tree and be the same view.</summary>
    public static async Task<Query> CheckAsync(NpgsqlConnection connection, string canonical)
    {
        var query = CanonicalSql.ParseQuery(canonical);
        var expected = await RereadAsync(connection, canonical);
        foreach (var layout in new[] { SqlLayout.Compact, SqlLayout.Indented })
        {
            var printed = SqlPrinter.Print(query, layout);
            Assert.Equal(query, CanonicalSql.ParseQuery(printed));
            Assert.Equal(expected, await CanonicalOfPrintedAsync(connection, printed));
        }

        return query;
    }

    private static async Task<string> RereadAsync(NpgsqlConnection connection, string canonical)
    {
        try
        {
            return await CorpusDatabase.CanonicalAsync(connection, canonical);
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.SyntaxError)
        {
            return canonical;
        }
    }

    private static async Task<string> CanonicalOfPrintedAsync(NpgsqlConnection connection, string printed)
    {
        try
        {
            return await CorpusDatabase.CanonicalAsync(connection, printed);
        }
        catch (PostgresException refused)
        {
            throw new XunitException($"PostgreSQL refuses what was printed: {refused.MessageText}\n{printed}", refused);
        }
    }
}
