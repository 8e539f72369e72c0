using System.Diagnostics.CodeAnalysis;
using Cronos;

namespace PgTrickle.Scheduling.Schedules;

/// <summary>Why a schedule is refused: SQLSTATE 22023 with this message, DETAIL and HINT.</summary>
/// <param name="Message">The primary message, without a full stop.</param>
/// <param name="Detail">A sentence for DETAIL.</param>
/// <param name="Hint">A sentence for HINT.</param>
public sealed record ScheduleError(string Message, string Detail, string Hint);

/// <summary>
/// Reads the <c>schedule</c> argument. Blanks around it are ignored and letters have no case.
/// <code>
/// schedule := 'calculated' | 'IMMEDIATE' | duration | cron
/// duration := [n 'w'] [n 'd'] [n 'h'] [n 'm'] [n 's'] [n 'ms']     at least one term, each unit at most once, larger units first
/// n        := one to nine decimal digits, no sign, no fraction, no blank before the unit
/// cron     := five fields | six fields, seconds first | '@hourly' | '@daily' | '@weekly' | '@monthly' and Cronos's other macros
/// </code>
/// The sum of a duration is more than zero and at most <see cref="LongestDuration"/>. What contains a blank or begins with '@' is
/// read as cron, all else as a duration. The SQL functions check with <see cref="DurationPattern"/> as well.
/// </summary>
public static class ScheduleParser
{
    /// <summary>
    /// The grammar of durations as a regular expression that means the same to .NET and to PostgreSQL (<c>~*</c>). Three conditions are
    /// outside of it: at least one term, a sum above zero, a sum of at most <see cref="LongestDuration"/>.
    /// </summary>
    public const string DurationPattern =
        "^(?:([0-9]{1,9})w)?(?:([0-9]{1,9})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?(?:([0-9]{1,9})ms)?$";

    private const string Examples =
        "Use a duration such as '30s', '5m' or '1h30m', a cron expression such as '*/5 * * * *' or '@hourly', or 'calculated'.";

    private static readonly char[] Blanks = [' ', '\t', '\r', '\n'];

    /// <summary>3650 days: longer ones are taken for a slip.</summary>
    public static TimeSpan LongestDuration { get; } = TimeSpan.FromDays(3650);

    /// <summary>Reads a schedule whose cron fields, if any, are in UTC.</summary>
    public static bool TryParse(
        string text,
        [NotNullWhen(true)] out Schedule? schedule,
        [NotNullWhen(false)] out ScheduleError? error) => TryParse(text, TimeZoneInfo.Utc, out schedule, out error);

    /// <summary>Reads a schedule.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="zone">The zone of cron fields.</param>
    /// <param name="schedule">The schedule.</param>
    /// <param name="error">Why there is none.</param>
    public static bool TryParse(
        string text,
        TimeZoneInfo zone,
        [NotNullWhen(true)] out Schedule? schedule,
        [NotNullWhen(false)] out ScheduleError? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(zone);
        var trimmed = text.Trim(Blanks);
        (schedule, error) = trimmed switch
        {
            "" => (null, Refuse(text, "It is empty.")),
            _ when trimmed.Equals("calculated", StringComparison.OrdinalIgnoreCase) => (CalculatedSchedule.Instance, null),
            _ when trimmed.Equals("immediate", StringComparison.OrdinalIgnoreCase) => (ImmediateSchedule.Instance, null),
            _ when trimmed[0] == '@' || trimmed.IndexOfAny(Blanks) >= 0 => ReadCron(text, trimmed, zone),
            _ => ReadDuration(text, trimmed),
        };
        return error is null;
    }

    /// <summary>
    /// Applies the setting <c>min_schedule_seconds</c>: null when the schedule is no more frequent than <paramref name="minimum"/>.
    /// </summary>
    public static ScheduleError? CheckMinimum(Schedule schedule, TimeSpan minimum)
    {
        var shortest = schedule switch
        {
            DurationSchedule duration => duration.Interval,
            CronSchedule cron => cron.ShortestGap(),
            _ => TimeSpan.MaxValue,
        };
        return shortest >= minimum
            ? null
            : new ScheduleError(
                $"schedule \"{schedule}\" is more frequent than is allowed",
                $"Refreshes would be {DurationText.Format(shortest)} apart; the setting min_schedule_seconds asks for {DurationText.Format(minimum)} at least.",
                "Use a longer schedule, or lower min_schedule_seconds.");
    }

    private static (Schedule? Schedule, ScheduleError? Error) ReadDuration(string text, string trimmed)
    {
        if (!DurationText.TryRead(trimmed, out var interval))
        {
            return (null, Refuse(text, ExplainNoDuration(trimmed)));
        }

        if (interval == TimeSpan.Zero)
        {
            return (null, Refuse(text, "A duration must be longer than zero."));
        }

        return interval > LongestDuration
            ? (null, Refuse(text, "A duration can be 3650 days at most."))
            : (new DurationSchedule(interval), null);
    }

    private static string ExplainNoDuration(string trimmed) => trimmed switch
    {
        ['-', ..] => "A duration must be longer than zero.",
        _ when trimmed.All(char.IsAsciiDigit) => "The unit is missing; units are w, d, h, m, s and ms.",
        [>= '0' and <= '9', ..] =>
            "A duration is one or more whole numbers, each followed by a unit: w, d, h, m, s, ms, larger units first, each at most once.",
        _ => "It is neither a duration, nor a cron expression, nor 'calculated'.",
    };

    private static (Schedule? Schedule, ScheduleError? Error) ReadCron(string text, string trimmed, TimeZoneInfo zone)
    {
        var fields = trimmed.Split(Blanks, StringSplitOptions.RemoveEmptyEntries);
        var macro = trimmed[0] == '@';
        if (!macro && fields.Length is not (5 or 6))
        {
            return (null, Refuse(text, $"A cron expression has 5 fields, or 6 with seconds first; this has {fields.Length}."));
        }

        var canonical = macro ? trimmed.ToLowerInvariant() : string.Join(' ', fields).ToUpperInvariant();
        try
        {
            var expression = CronExpression.Parse(canonical, fields.Length == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard);
            var schedule = new CronSchedule(canonical, expression, zone);
            return schedule.NextAfter(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero)) is null
                ? (null, Refuse(text, "No day ever matches this cron expression."))
                : (schedule, null);
        }
        catch (CronFormatException problem)
        {
            return (null, Refuse(text, problem.Message));
        }
        catch (MissingSeedException)
        {
            return (null, Refuse(text, "H, a time chosen by hashing, is not supported in cron expressions."));
        }
    }

    private static ScheduleError Refuse(string text, string detail) => new($"invalid schedule \"{text}\"", detail, Examples);
}
