namespace PgTrickle.Postgres.Catalog;

/// <summary>Names that the installation fixes.</summary>
public static class InstalledSchema
{
    /// <summary>Owns the schemas; nobody logs in as it.</summary>
    public const string OwnerRole = "pgtrickle";

    /// <summary>Logs in for refreshes; has no rights of its own.</summary>
    public const string WorkerRole = "pgtrickle_worker";

    /// <summary>The oldest major version of PostgreSQL that is supported.</summary>
    public const int OldestServer = 15;
}
