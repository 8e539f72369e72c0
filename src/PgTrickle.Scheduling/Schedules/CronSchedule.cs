using Cronos;

namespace PgTrickle.Scheduling.Schedules;

/// <summary>
/// A cron expression of five fields, or six with seconds first, in a time zone. Daylight saving is Cronos's: an occurrence inside
/// the hour that a zone skips happens when the skip ends; in the hour that comes twice, an expression of fixed times fires once and
/// one of intervals (<c>*</c>, <c>*/n</c>) fires in both.
/// </summary>
public sealed record CronSchedule : Schedule
{
    // A sample from a fixed day keeps comparisons the same on every node and at every time.
    private static readonly DateTimeOffset SampleStart = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private const int SampleSize = 128;

    private readonly CronExpression expression;

    internal CronSchedule(string text, CronExpression expression, TimeZoneInfo zone)
    {
        Text = text;
        Zone = zone;
        this.expression = expression;
    }

    /// <summary>Canonical text: upper-case fields separated by one space, or a lower-case macro such as <c>@hourly</c>.</summary>
    public string Text { get; }

    /// <summary>The zone that the fields are read in.</summary>
    public TimeZoneInfo Zone { get; }

    /// <summary>The first occurrence strictly after <paramref name="instant"/>; null when there is none within Cronos's horizon.</summary>
    public DateTimeOffset? NextAfter(DateTimeOffset instant) => expression.GetNextOccurrence(instant, Zone, inclusive: false);

    /// <summary>The mean time between occurrences over a fixed sample; the measure by which "slowest" is chosen.</summary>
    public TimeSpan TypicalPeriod()
    {
        var (first, last, count, _) = Sample();
        return count < 2 ? TimeSpan.MaxValue : (last - first) / (count - 1);
    }

    /// <summary>The shortest time between two occurrences over a fixed sample.</summary>
    public TimeSpan ShortestGap() => Sample().ShortestGap;

    /// <summary>Equal text in an equal zone.</summary>
    public bool Equals(CronSchedule? other) => other is not null && Text == other.Text && Zone.Equals(other.Zone);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Text, Zone.Id);

    /// <inheritdoc/>
    public override string ToString() => Text;

    private (DateTimeOffset First, DateTimeOffset Last, int Count, TimeSpan ShortestGap) Sample()
    {
        var first = SampleStart;
        var last = SampleStart;
        var shortest = TimeSpan.MaxValue;
        var count = 0;
        for (var next = NextAfter(SampleStart); next is { } at && count < SampleSize; next = NextAfter(at))
        {
            if (count == 0)
            {
                first = at;
            }
            else if (at - last < shortest)
            {
                shortest = at - last;
            }

            last = at;
            count++;
        }

        return (first, last, count, shortest);
    }
}
