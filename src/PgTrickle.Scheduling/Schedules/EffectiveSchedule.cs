namespace PgTrickle.Scheduling.Schedules;

/// <summary>
/// When a stream table is really due: as soon as any of three triggers is. A user's own schedule has one trigger; a calculated
/// schedule, or that of an atomic group, may need several, since an interval and a time of day cannot always replace each other.
/// </summary>
public sealed record EffectiveSchedule
{
    private EffectiveSchedule()
    {
    }

    /// <summary>No trigger: refreshed by hand only.</summary>
    public static EffectiveSchedule Never { get; } = new();

    /// <summary>Due as soon as an upstream stream table advanced.</summary>
    public static EffectiveSchedule UponUpstreamAdvance { get; } = new() { OnUpstreamAdvance = true };

    /// <summary>Longest time between two starts; null without that trigger.</summary>
    public TimeSpan? Interval { get; private init; }

    /// <summary>Times of day; sorted by text, no two equal.</summary>
    public EquatableArray<CronSchedule> Crons { get; private init; }

    /// <summary>True when an advance of an upstream stream table makes it due.</summary>
    public bool OnUpstreamAdvance { get; private init; }

    /// <summary>True without any trigger.</summary>
    public bool IsNever => !IsTimed && !OnUpstreamAdvance;

    /// <summary>True when a clock makes it due.</summary>
    public bool IsTimed => Interval is not null || !Crons.IsEmpty;

    /// <summary>Due at a fixed interval.</summary>
    /// <param name="interval">More than zero.</param>
    public static EffectiveSchedule Every(TimeSpan interval)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        return new EffectiveSchedule { Interval = interval };
    }

    /// <summary>Due at the occurrences of a cron expression.</summary>
    public static EffectiveSchedule At(CronSchedule cron) => new() { Crons = [cron] };

    /// <summary>
    /// Due when either is. Of two intervals the shorter stays, and a cron expression goes when the interval is at least as frequent
    /// everywhere: whoever wanted its times finds data no older than that.
    /// </summary>
    public EffectiveSchedule Or(EffectiveSchedule other)
    {
        var interval = (Interval, other.Interval) switch
        {
            ({ } mine, { } theirs) => mine < theirs ? mine : theirs,
            (var mine, var theirs) => mine ?? theirs,
        };
        var crons = Crons.Concat(other.Crons).Distinct();
        if (interval is { } limit)
        {
            crons = crons.Where(cron => cron.ShortestGap() < limit);
        }

        return new EffectiveSchedule
        {
            Interval = interval,
            Crons = crons.OrderBy(cron => cron.Text, StringComparer.Ordinal).ThenBy(cron => cron.Zone.Id, StringComparer.Ordinal).ToEquatableArray(),
            OnUpstreamAdvance = OnUpstreamAdvance || other.OnUpstreamAdvance,
        };
    }

    /// <summary>With a tier applied: the interval is multiplied, frozen leaves no trigger.</summary>
    public EffectiveSchedule In(Tier tier) => tier.Multiplier() switch
    {
        null => Never,
        { } factor when Interval is { } interval => this with { Interval = interval * factor },
        _ => this,
    };

    /// <summary>Without the trigger of upstream stream tables.</summary>
    public EffectiveSchedule WithoutUpstreamAdvance() => OnUpstreamAdvance ? this with { OnUpstreamAdvance = false } : this;

    /// <summary>Time between refreshes that the clock alone causes, a mean for cron; null when no clock does.</summary>
    public TimeSpan? TypicalPeriod() => IsTimed
        ? Crons.Select(cron => cron.TypicalPeriod()).Append(Interval ?? TimeSpan.MaxValue).Min()
        : null;

    /// <summary>The text shown as <c>effective_schedule</c>: <c>5s</c>, <c>0 3 * * *</c>, <c>on upstream advance</c>, several joined by <c>or</c>, or <c>never</c>.</summary>
    public override string ToString()
    {
        if (IsNever)
        {
            return "never";
        }

        IEnumerable<string> parts = Interval is { } interval ? [DurationText.Format(interval)] : [];
        parts = parts.Concat(Crons.Select(cron => cron.Text));
        return string.Join(" or ", OnUpstreamAdvance ? parts.Append("on upstream advance") : parts);
    }
}
