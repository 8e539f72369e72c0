namespace PgTrickle.TestInfrastructure;

/// <summary>
/// What databases have in common, prepared once a server and then copied. Compared by reference: keep each in a static field. Objects made as
/// the template's owner stay that role's in the copies; make them as a role of your own if it matters.
/// </summary>
/// <param name="prepare">Fills the database from which the copies are made.</param>
public sealed class DatabaseTemplate(Func<TestDatabase, Task> prepare)
{
    internal Func<TestDatabase, Task> Prepare { get; } = prepare;
}
