using System.Globalization;
using System.Security.Cryptography;
using CsCheck;
using Xunit.Abstractions;

namespace PgTrickle.TestInfrastructure;

/// <summary>
/// Randomness that can be repeated. Every test that uses it prints its seed before it begins; <c>PGTRICKLE_TEST_SEED</c> sets the seed of a repetition.
/// </summary>
public static class Seed
{
    private const string Variable = "PGTRICKLE_TEST_SEED";

    /// <summary>A new random number generator, or the one of the seed that the environment asks for.</summary>
    public static Random Random(ITestOutputHelper output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var seed = int.TryParse(Environment.GetEnvironmentVariable(Variable), CultureInfo.InvariantCulture, out var chosen)
            ? chosen
            : RandomNumberGenerator.GetInt32(int.MaxValue);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed: {seed} (repeat with {Variable}={seed})"));
        return new Random(seed);
    }

    /// <summary>A CsCheck seed, printed; give it as the argument <c>seed</c> of Sample.</summary>
    public static string CsCheckSeed(ITestOutputHelper output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var seed = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen
            ? chosen
            : PCG.ThreadPCG.ToString();
        output.WriteLine($"seed: {seed} (repeat with {Variable}={seed})");
        return seed;
    }
}
