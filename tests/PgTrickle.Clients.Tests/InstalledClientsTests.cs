using PgTrickle.Clients.Tests.Setup;

namespace PgTrickle.Clients.Tests;

/// <summary>Each client answers for itself; those that were not found are named in the output of the test run.</summary>
public sealed class InstalledClientsTests
{
    [ClientFact(Client.Psql)]
    public Task Psql_is_installed() => AnswersAsync(Client.Psql, "psql (PostgreSQL)", "--version");

    [ClientFact(Client.PgDump)]
    public Task Pg_dump_is_installed() => AnswersAsync(Client.PgDump, "pg_dump (PostgreSQL)", "--version");

    [ClientFact(Client.Pgbench)]
    public Task Pgbench_is_installed() => AnswersAsync(Client.Pgbench, "pgbench (PostgreSQL)", "--version");

    [ClientFact(Client.NodePg)]
    public Task Node_pg_is_installed() => AnswersAsync(Client.NodePg, "function", "-p", "typeof require('pg').Client");

    [ClientFact(Client.Jdbc)]
    public Task Jdbc_is_installed() => AnswersAsync(Client.Jdbc, "jdk.compiler", "--list-modules");

    [ClientFact(Client.PgBouncer)]
    public Task PgBouncer_is_installed() => AnswersAsync(Client.PgBouncer, "PgBouncer", "--version");

    private static async Task AnswersAsync(Client client, string answer, params string[] question)
    {
        var result = await InstalledClients.Of(client).RunAsync(question, input: null);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains(answer, result.Output, StringComparison.Ordinal);
    }
}
