using Xunit.Sdk;

namespace PgTrickle.Architecture.Tests;

/// <summary>Unlike Assert.Empty prints every violation: whoever broke a rule wants the whole list.</summary>
internal static class Violations
{
    public static void None(IEnumerable<string> violations)
    {
        var list = violations.Distinct().Order(StringComparer.Ordinal).ToList();
        if (list.Count > 0)
        {
            throw new XunitException($"{list.Count} violation(s):\n{string.Join('\n', list)}");
        }
    }
}
