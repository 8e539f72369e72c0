namespace PgTrickle.Clients.Tests.Setup;

/// <summary>The clients that must be installed. Npgsql comes as a package with the tests.</summary>
public enum Client
{
    /// <summary>psql.</summary>
    Psql,

    /// <summary>pg_dump.</summary>
    PgDump,

    /// <summary>pgbench.</summary>
    Pgbench,

    /// <summary>The package pg of Node.js.</summary>
    NodePg,

    /// <summary>The JDBC driver, in a Java that runs source files.</summary>
    Jdbc,

    /// <summary>PgBouncer.</summary>
    PgBouncer,
}
