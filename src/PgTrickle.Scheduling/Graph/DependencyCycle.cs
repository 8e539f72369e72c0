namespace PgTrickle.Scheduling.Graph;

/// <summary>Stream tables that would read each other in a circle.</summary>
/// <param name="Path">Each id reads the next; the first and the last are the same. A stream table that reads itself: two elements.</param>
public sealed record DependencyCycle(EquatableArray<long> Path)
{
    /// <summary>The path for an error message: <c>a reads b reads a</c>.</summary>
    /// <param name="name">The name to show for an id.</param>
    public string Describe(Func<long, string> name) => string.Join(" reads ", Path.Select(name));
}
