using System.Reflection;
using Xunit.Sdk;

namespace PgTrickle.TestInfrastructure;

/// <summary>
/// Runs a theory on every selected version of PostgreSQL. The version is the method's first argument; values given here are those that
/// follow. Apply it several times for several sets of values.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class PostgresVersionsAttribute(params object?[] arguments) : DataAttribute
{
    public IReadOnlyList<object?> Arguments { get; } = arguments;

    /// <summary>The oldest version on which the test makes sense: a feature that came later can't be tested before.</summary>
    public int Since { get; set; }

    public override IEnumerable<object?[]> GetData(MethodInfo testMethod)
    {
        var versions = PostgresVersion.Selected.Where(version => version.Major >= Since).ToList();

        // A theory without data fails; a local run that is narrowed to older versions uses the oldest suitable one instead.
        return (versions.Count > 0 ? versions : [new PostgresVersion(Math.Max(Since, 18))])
            .Select(version => (object?[])[version, .. Arguments]);
    }
}

/// <summary>
/// Runs a theory on every selected version of PostgreSQL, once for each row that a static member of the test's class yields: the version first,
/// then the row's values.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class PostgresMemberDataAttribute(string memberName) : DataAttribute
{
    public string MemberName { get; } = memberName;

    public override IEnumerable<object[]> GetData(MethodInfo testMethod)
    {
        ArgumentNullException.ThrowIfNull(testMethod);
        var rows = new Xunit.MemberDataAttribute(MemberName).GetData(testMethod).ToList();
        return PostgresVersion.Selected.SelectMany(version => rows.Select(row => (object[])[version, .. row]));
    }
}
