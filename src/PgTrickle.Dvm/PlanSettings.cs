using System.Globalization;

namespace PgTrickle.Dvm;

/// <summary>Settings through which statements and whoever runs them tell each other something; local to the transaction.</summary>
public static class PlanSettings
{
    /// <summary><c>inserted,deleted</c> of the statement run last; an update counts on both sides.</summary>
    public const string Delta = "pgtrickle.delta";

    /// <summary>
    /// With the ordinal of a source, counted from 1: how many rows its changes are, as the probe counted them in the same snapshot. The planner reads it, who knows nothing
    /// of a buffer otherwise: ten changes would be planned as two hundred. Unset, nothing is said.
    /// </summary>
    public const string ChangeRows = "pgtrickle.rows_";

    /// <summary>The setting of a source.</summary>
    internal static string OfSource(int ordinal) => string.Create(CultureInfo.InvariantCulture, $"{ChangeRows}{ordinal + 1}");

    /// <summary>How many rows of a node changed, as the statement that changed them counted: for the planner, too.</summary>
    internal static string OfNode(int node) => string.Create(CultureInfo.InvariantCulture, $"pgtrickle.node_{node + 1}");
}
