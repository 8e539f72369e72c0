namespace PgTrickle.Workloads.Generation;

/// <summary>
/// The random numbers of one row: a function of seed, table and key alone, so that any row can be made at any time, in any order. SplitMix64
/// (Steele, Lea, Flood 2014).
/// </summary>
internal struct RowRandom
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;

    private ulong _state;

    public RowRandom(int seed, int table, long key)
        => _state = Mix(Mix((ulong)seed * Gamma + (ulong)table) + (ulong)key * Gamma);

    /// <summary>From low to high, both included.</summary>
    public int Next(int low, int high) => low + (int)(Bits() % (ulong)(high - low + 1));

    /// <summary>True once in <paramref name="n"/> times.</summary>
    public bool OneIn(int n) => Bits() % (ulong)n == 0;

    public T Pick<T>(T[] values) => values[(int)(Bits() % (ulong)values.Length)];

    /// <summary>A number from 0 below <paramref name="count"/>; small ones are frequent: the quotient of two bands is about constant (a Zipf law of exponent 1).</summary>
    public long Skewed(long count)
    {
        var uniform = (Bits() >> 11) * (1.0 / (1UL << 53));
        return Math.Min((long)Math.Pow(count + 1, uniform) - 1, count - 1);
    }

    private ulong Bits()
    {
        _state += Gamma;
        return Mix(_state);
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
