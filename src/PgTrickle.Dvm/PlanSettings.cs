namespace PgTrickle.Dvm;

/// <summary>Settings by which statements tell what they did; local to the transaction.</summary>
public static class PlanSettings
{
    /// <summary><c>inserted,deleted</c> of the statement run last; an update counts on both sides.</summary>
    public const string Delta = "pgtrickle.delta";
}
