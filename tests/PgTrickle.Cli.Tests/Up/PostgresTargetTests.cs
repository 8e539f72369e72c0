using PgTrickle.Cli.CommandLine;
using PgTrickle.Cli.Up;

namespace PgTrickle.Cli.Tests.Up;

public sealed class PostgresTargetTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("15", 15)]
    [InlineData("18", 18)]
    public void A_version_or_nothing_starts_a_server(string? text, int? version) =>
        Assert.Equal(new PostgresTarget.Embedded(version), PostgresTarget.Parse(text));

    [Fact]
    public void A_uri_uses_a_running_server_and_is_shown_without_its_password()
    {
        var target = Assert.IsType<PostgresTarget.Given>(PostgresTarget.Parse("postgresql://u:topsecret@h:7/d"));

        Assert.Equal("topsecret", target.Connection.Password);
        Assert.Equal("postgresql://u@h:7/d", target.ToString());
    }

    [Theory]
    [InlineData("14")]
    [InlineData("19")]
    [InlineData("0")]
    [InlineData("newest")]
    public void Anything_else_is_a_usage_error(string text) =>
        Assert.Equal(ExitCode.Usage, Assert.Throws<CliException>(() => PostgresTarget.Parse(text)).ExitCode);
}
