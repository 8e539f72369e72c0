using System.Diagnostics;
using PgTrickle.TestInfrastructure.Gateways;

namespace PgTrickle.Clients.Tests.Setup;

/// <summary>Looks for each client once, and brings what can be brought without being root.</summary>
internal static class InstalledClients
{
    private const string JdbcVariable = "PGTRICKLE_JDBC";

    private static readonly string[] JdbcPlaces = ["/usr/share/java/postgresql.jar", "/usr/share/java/postgresql-jdbc.jar", "/usr/share/java/postgresql-jdbc/postgresql.jar"];

    private static readonly Lazy<ClientProgram> Psql = new(() => ClientProgram.Find("psql", "postgresql-client"));
    private static readonly Lazy<ClientProgram> PgDump = new(() => ClientProgram.Find("pg_dump", "postgresql-client"));
    private static readonly Lazy<ClientProgram> Pgbench = new(() => ClientProgram.Find("pgbench", "postgresql"));
    private static readonly Lazy<ClientProgram> PgBouncer = new(() => new ClientProgram("PgBouncer", Bouncer.Find(), "PgBouncer was not found: install pgbouncer, or put it on PATH"));
    private static readonly Lazy<ClientProgram> NodePg = new(FindNodePg);
    private static readonly Lazy<ClientProgram> Jdbc = new(FindJdbc);

    public static ClientProgram Of(Client client) => client switch
    {
        Client.Psql => Psql.Value,
        Client.PgDump => PgDump.Value,
        Client.Pgbench => Pgbench.Value,
        Client.NodePg => NodePg.Value,
        Client.Jdbc => Jdbc.Value,
        Client.PgBouncer => PgBouncer.Value,
        _ => throw new ArgumentOutOfRangeException(nameof(client)),
    };

    /// <summary>Why tests that want a client do without; null when it is there, or when that it is not is a failure.</summary>
    public static string? Missing(Client client) =>
        Of(client) is { Path: null } program && Environment.GetEnvironmentVariable(ClientTheoryAttribute.RequireVariable) != "1" ? program.Missing : null;

    private static ClientProgram FindNodePg()
    {
        var node = ClientProgram.Find("node", "nodejs");
        var npm = ClientProgram.Find("npm", "npm");
        if (node.Path is null || npm.Path is null)
        {
            return node with { Name = "node pg", Path = null, Missing = "node pg was not found: install Node.js with npm, which brings the package" };
        }

        var (folder, problem) = NpmPackage.Ensure(npm, "pg", "8.16.3");
        return node with
        {
            Name = "node pg",
            Path = folder is null ? null : node.Path,
            Missing = $"node pg was not found: npm could not bring it: {problem}",
            Variables = folder is null ? [] : [("NODE_PATH", folder)],
        };
    }

    /// <summary>The programs of the tests are source files, which only a Java with its compiler runs.</summary>
    private static ClientProgram FindJdbc()
    {
        var java = ClientProgram.Find("java", "default-jdk-headless");
        var jar = JdbcPlaces.Prepend(Environment.GetEnvironmentVariable(JdbcVariable)).FirstOrDefault(File.Exists);
        return java with
        {
            Name = "JDBC",
            Path = jar is not null && java.Path is not null && HasCompiler(java) ? java.Path : null,
            Missing = $"JDBC was not found: install libpostgresql-jdbc-java and default-jdk-headless, or name the driver's file in {JdbcVariable}",
            Arguments = jar is null ? [] : ["-XX:TieredStopAtLevel=1", "-cp", jar],
        };
    }

    private static bool HasCompiler(ClientProgram java)
    {
        using var process = java.Start(["--list-modules"]);
        return process.Output().Contains("jdk.compiler", StringComparison.Ordinal) && process.ExitCode == 0;
    }

    /// <summary>What a program prints until it ends. Its other stream must be short.</summary>
    internal static string Output(this Process process)
    {
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
