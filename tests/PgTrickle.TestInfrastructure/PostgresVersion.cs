using System.Globalization;
using Xunit.Abstractions;

namespace PgTrickle.TestInfrastructure;

/// <summary>A major version of PostgreSQL on which a test runs; serialisable, so that runners list every version by itself.</summary>
public sealed record PostgresVersion : IXunitSerializable
{
    /// <summary>For the deserialiser.</summary>
    public PostgresVersion()
    {
    }

    public PostgresVersion(int major) => Major = major;

    public int Major { get; private set; }

    /// <summary>The versions that every database test runs on; <c>PGTRICKLE_TEST_VERSIONS=15</c> (a comma list) narrows them for a quick local run.</summary>
    public static IReadOnlyList<PostgresVersion> Selected { get; } = Select(Environment.GetEnvironmentVariable("PGTRICKLE_TEST_VERSIONS"));

    public void Deserialize(IXunitSerializationInfo info)
    {
        ArgumentNullException.ThrowIfNull(info);
        Major = info.GetValue<int>(nameof(Major));
    }

    public void Serialize(IXunitSerializationInfo info)
    {
        ArgumentNullException.ThrowIfNull(info);
        info.AddValue(nameof(Major), Major);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"PostgreSQL {Major}");

    private static IReadOnlyList<PostgresVersion> Select(string? list) => string.IsNullOrWhiteSpace(list)
        ? [new PostgresVersion(15), new PostgresVersion(18)]
        : [.. list.Split(',').Select(item => new PostgresVersion(int.Parse(item, CultureInfo.InvariantCulture)))];
}
