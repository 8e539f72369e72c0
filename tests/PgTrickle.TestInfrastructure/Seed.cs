using System.Globalization;
using System.Security.Cryptography;
using CsCheck;
using Xunit.Abstractions;

namespace PgTrickle.TestInfrastructure;

/// <summary>
/// Randomness that can be repeated. Tests that need a server have the same seed in each run, so that a run's verdict is about what is tested and not about
/// the draw; <c>PGTRICKLE_TEST_SEED</c> sets another, and <c>random</c> draws one a test. Every test prints its seed before it begins. Properties of pure
/// functions are cheap enough for new samples each time.
/// </summary>
public static class Seed
{
    private const string Variable = "PGTRICKLE_TEST_SEED";

    private const int Usual = 20_251_122;

    /// <summary>A random number generator of the seed that the environment asks for, or of the usual one.</summary>
    public static Random Random(ITestOutputHelper output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var asked = Environment.GetEnvironmentVariable(Variable);
        var seed = asked == "random" ? RandomNumberGenerator.GetInt32(int.MaxValue)
            : int.TryParse(asked, CultureInfo.InvariantCulture, out var chosen) ? chosen
            : Usual;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed: {seed} (repeat with {Variable}={seed})"));
        return new Random(seed);
    }

    /// <summary>The seed of CsCheck's first sample, printed; give it as the argument <c>seed</c> of Sample. A failure prints the seed of the sample that failed.</summary>
    public static string CsCheckSeed(ITestOutputHelper output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var seed = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen and not "random"
            ? chosen
            : PCG.ThreadPCG.ToString();
        output.WriteLine($"seed: {seed} (repeat with {Variable}={seed})");
        return seed;
    }
}
