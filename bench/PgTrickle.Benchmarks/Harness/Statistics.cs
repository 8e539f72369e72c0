namespace PgTrickle.Benchmarks.Harness;

/// <summary>Medians: single runs on a shared machine say little.</summary>
internal static class Statistics
{
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0
            ? throw new ArgumentException("A median needs a value.", nameof(values))
            : (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
