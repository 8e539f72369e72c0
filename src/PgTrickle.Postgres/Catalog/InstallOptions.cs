namespace PgTrickle.Postgres.Catalog;

/// <summary>What the installation may be told.</summary>
public sealed record InstallOptions
{
    /// <summary>
    /// The password of role pgtrickle_worker. Without one, the installer generates it, or takes over the one that another database of this
    /// server has stored already, since the role is shared by all of them.
    /// </summary>
    public string? WorkerPassword { get; init; }

    /// <summary>Login roles that become members of pgtrickle, so that nodes can use them for the control connection.</summary>
    public IReadOnlyList<string> ControlRoles { get; init; } = [];

    /// <summary>Told in words what is being done.</summary>
    public IProgress<string>? Progress { get; init; }
}
