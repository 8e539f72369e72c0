using System.Globalization;
using PgTrickle.Postgres.Embedded;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Embedded;

/// <summary>A process that starts a server, prints its port and data directory, and waits to be killed by <see cref="EmbeddedPostgresTests"/>.</summary>
internal static class ServerHostProgram
{
    public static async Task Main(string[] args)
    {
        var version = new PostgresVersion(int.Parse(args[0], CultureInfo.InvariantCulture));
        await using var server = await EmbeddedPostgres.StartAsync(TestServer.Options(version));
        await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{server.Port} {server.DataDirectory}"));
        await Console.In.ReadToEndAsync();
    }
}
