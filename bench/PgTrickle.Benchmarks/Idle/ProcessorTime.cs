using System.Globalization;

namespace PgTrickle.Benchmarks.Idle;

/// <summary>User and system time of processes, from the proc file system: benchmarks run on Linux.</summary>
internal static class ProcessorTime
{
    /// <summary>The kernel counts in hundredths of a second.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    /// <summary>A process and all that descend from it, ended children included as far as their parents have waited for them.</summary>
    public static TimeSpan OfTree(int root)
    {
        var children = Directory.EnumerateDirectories("/proc")
            .Select(directory => int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? TryStat(id) : null)
            .OfType<Stat>()
            .ToLookup(stat => stat.Parent);
        var total = TimeSpan.Zero;
        var pending = new Queue<Stat>(TryStat(root) is { } stat ? [stat] : []);
        while (pending.TryDequeue(out var current))
        {
            total += current.Time;
            foreach (var child in children[current.Id])
            {
                pending.Enqueue(child);
            }
        }

        return total;
    }

    private static Stat? TryStat(int process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/stat");
            // The name in parentheses may hold anything: fields are counted behind it.
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            var ticks = fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
            return new(process, int.Parse(fields[1], CultureInfo.InvariantCulture), ticks * Tick);
        }
        catch (IOException)
        {
            return null; // Ended meanwhile.
        }
    }

    private sealed record Stat(int Id, int Parent, TimeSpan Time);
}
