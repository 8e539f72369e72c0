using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace PgTrickle.Scheduling.Schedules;

/// <summary>Reads and writes durations; the grammar stands at <see cref="ScheduleParser"/>.</summary>
internal static partial class DurationText
{
    private static readonly (string Name, long Milliseconds)[] Units =
    [
        ("w", 7L * 24 * 60 * 60 * 1000),
        ("d", 24L * 60 * 60 * 1000),
        ("h", 60L * 60 * 1000),
        ("m", 60L * 1000),
        ("s", 1000),
        ("ms", 1),
    ];

    /// <summary>True when the text has the shape of a duration; <paramref name="value"/> may be zero or longer than is allowed.</summary>
    public static bool TryRead(string text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        var match = Shape().Match(text);
        if (!match.Success || match.Groups.Values.Skip(1).All(group => !group.Success))
        {
            return false;
        }

        var total = 0L;
        for (var unit = 0; unit < Units.Length; unit++)
        {
            var group = match.Groups[unit + 1];
            if (group.Success)
            {
                // Nine digits of weeks are 6e17 ms: no sum of the six terms overflows 64 bits.
                total += long.Parse(group.ValueSpan, CultureInfo.InvariantCulture) * Units[unit].Milliseconds;
            }
        }

        var longest = (long)TimeSpan.MaxValue.TotalMilliseconds - 1;
        value = TimeSpan.FromMilliseconds(Math.Min(total, longest));
        return true;
    }

    /// <summary>Largest units first, zero terms left out: 90 minutes are <c>1h30m</c>. Below a millisecond: <c>0ms</c>.</summary>
    public static string Format(TimeSpan value)
    {
        var rest = (long)value.TotalMilliseconds;
        var text = new StringBuilder();
        foreach (var (name, size) in Units)
        {
            if (rest >= size)
            {
                text.Append(CultureInfo.InvariantCulture, $"{rest / size}{name}");
                rest %= size;
            }
        }

        return text.Length == 0 ? "0ms" : text.ToString();
    }

    [GeneratedRegex(ScheduleParser.DurationPattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}
