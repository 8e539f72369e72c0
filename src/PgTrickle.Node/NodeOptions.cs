using Microsoft.Extensions.Logging;

namespace PgTrickle.Node;

/// <summary>What a node is told. Null leaves a value to the configuration file, and then to <c>hocon/pgtrickle.reference.conf</c>.</summary>
public sealed class NodeOptions
{
    /// <summary>Connection of a login role that is a member of role pgtrickle: the node's control connection. Never logged.</summary>
    public required string ControlConnection { get; init; }

    /// <summary>Connection of role pgtrickle_worker; null takes the control connection's server and the password that the installation stored.</summary>
    public string? WorkerConnection { get; init; }

    /// <summary>Shown to users.</summary>
    public string? Name { get; init; }

    /// <summary>Address to bind.</summary>
    public string? Host { get; init; }

    /// <summary>Port to bind; 0 takes a free one.</summary>
    public int? Port { get; init; }

    /// <summary>Name or address by which other nodes reach this one.</summary>
    public string? PublicHost { get; init; }

    /// <summary>Roles: worker, coordinator, gateway.</summary>
    public IReadOnlyList<string>? Roles { get; init; }

    /// <summary>Refreshes that may run at once, 1 to 1000.</summary>
    public int? MaxWorkers { get; init; }

    /// <summary>A HOCON file with settings.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>More HOCON, stronger than the file and weaker than the other members of this class.</summary>
    public string? Config { get; init; }

    /// <summary>Whether to install the schema, or bring it up to date, when it is not; needs the rights of <c>pgtrickle install</c>.</summary>
    public bool Install { get; init; } = true;

    /// <summary>The least severe log level that is written.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Where the log goes; null writes it to the console.</summary>
    public Action<ILoggingBuilder>? Logging { get; init; }

    /// <summary>The time.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
