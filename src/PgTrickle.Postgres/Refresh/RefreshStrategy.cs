namespace PgTrickle.Postgres.Refresh;

/// <summary>What refresh_open is asked for beyond the ordinary.</summary>
[Flags]
internal enum RefreshStrategy
{
    /// <summary>What the probe finds best.</summary>
    Auto = 0,

    /// <summary>Evaluate the query and apply the difference, whatever the probe finds: a delta has failed.</summary>
    Full = 1,

    /// <summary>Deletes before inserts: a unique index saw values swap.</summary>
    Split = 2,

    /// <summary>The first contents.</summary>
    Fill = 4,

    /// <summary>Triggers and buffers only.</summary>
    Setup = 8,

    /// <summary>Reads the definition again.</summary>
    Analyse = 16,

    /// <summary>Deltas are planned for this refresh alone.</summary>
    Fresh = 32,

    /// <summary>Evaluates the query of the last member, over what those before it write, and keeps nothing: does it raise what its plan raised?</summary>
    Judge = 64,
}

/// <summary>The spelling that the database knows.</summary>
internal static class RefreshStrategies
{
    public static string ToSql(this RefreshStrategy strategy) =>
        strategy == RefreshStrategy.Auto ? "AUTO" : strategy.ToString().Replace(",", "", StringComparison.Ordinal).ToUpperInvariant();
}
