using Npgsql;
using PgTrickle.Cli.CommandLine;
using PgTrickle.Cli.Connections;

namespace PgTrickle.Cli.Tests.Connections;

public sealed class ConnectionTextTests
{
    [Fact]
    public void A_uri_gives_host_port_role_password_and_database()
    {
        var connection = ConnectionText.Parse("postgresql://app:s%40cret@db.example.org:5433/sh%2Fop");

        Assert.Equal("db.example.org", connection.Host);
        Assert.Equal(5433, connection.Port);
        Assert.Equal("app", connection.Username);
        Assert.Equal("s@cret", connection.Password);
        Assert.Equal("sh/op", connection.Database);
    }

    [Theory]
    [InlineData("postgres://h", "h", 5432)]
    [InlineData("postgresql://h:1", "h", 1)]
    [InlineData("postgresql://u@h:65535/d", "h", 65535)]
    [InlineData("postgresql://[::1]:6000/d", "::1", 6000)]
    [InlineData("postgresql://u:p@[fe80::2]/d", "fe80::2", 5432)]
    [InlineData("postgresql:///d", "localhost", 5432)]
    public void Parts_of_a_uri_may_be_missing(string uri, string host, int port)
    {
        var connection = ConnectionText.Parse(uri);

        Assert.Equal(host, connection.Host);
        Assert.Equal(port, connection.Port);
    }

    [Fact]
    public void Parameters_of_libpq_become_settings_of_npgsql()
    {
        var connection = ConnectionText.Parse(
            "postgresql://h/d?sslmode=verify-full&sslrootcert=/etc/ca.pem&connect_timeout=7&application_name=my%20app&options=-c%20role%3Dpgtrickle"
            + "&target_session_attrs=read-write");

        Assert.Equal(SslMode.VerifyFull, connection.SslMode);
        Assert.Equal("/etc/ca.pem", connection.RootCertificate);
        Assert.Equal(7, connection.Timeout);
        Assert.Equal("my app", connection.ApplicationName);
        Assert.Equal("-c role=pgtrickle", connection.Options);
        Assert.Equal("read-write", connection.TargetSessionAttributes);
    }

    [Fact]
    public void Several_hosts_are_kept_in_order() =>
        Assert.Equal("a:5433,b:5434", ConnectionText.Parse("postgresql://u:p@a:5433,b:5434/d").Host);

    [Fact]
    public void The_form_of_npgsql_is_taken_as_it_is() =>
        Assert.Equal("shop", ConnectionText.Parse("Host=h;Port=5;Database=shop;Username=u;Password=p").Database);

    [Theory]
    [InlineData("postgresql://u:topsecret@h:0/d")]
    [InlineData("postgresql://u:topsecret@h:port/d")]
    [InlineData("postgresql://u:topsecret@h/d?nonsense=1")]
    [InlineData("postgresql://u:topsecret@h/d?sslmode=sometimes")]
    [InlineData("Host=h;Nonsense=topsecret")]
    [InlineData("topsecret")]
    public void What_cannot_be_understood_is_a_usage_error_that_tells_no_secret(string text)
    {
        var failure = Assert.Throws<CliException>(() => ConnectionText.Parse(text));

        Assert.Equal(ExitCode.Usage, failure.ExitCode);
        Assert.DoesNotContain("topsecret", failure.Message + failure.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgresql://app:topsecret@h:1234/shop", "postgresql://app@h:1234/shop")]
    [InlineData("postgresql://app:topsecret@[::1]:1234/shop", "postgresql://app@[::1]:1234/shop")]
    [InlineData("postgresql://a%2Fb:topsecret@h/x%20y", "postgresql://a%2Fb@h:5432/x%20y")]
    [InlineData("postgresql://u:topsecret@a:1,b:2/d", "postgresql://u@a:1,b:2/d")]
    public void A_connection_is_shown_without_its_password(string uri, string shown) =>
        Assert.Equal(shown, PostgresUri.WithoutSecrets(ConnectionText.Parse(uri)));

    [Fact]
    public void Without_option_the_environment_gives_the_connection()
    {
        var console = new TestConsole { Variables = { [ConnectionText.Variable] = "postgresql://h/fromenvironment" } };

        Assert.Equal("fromenvironment", ConnectionText.Require(null, console.Context).Database);
        Assert.Equal("fromoption", ConnectionText.Require("postgresql://h/fromoption", console.Context).Database);
        Assert.Equal(ExitCode.Usage, Assert.Throws<CliException>(() => ConnectionText.Require(null, new TestConsole().Context)).ExitCode);
    }
}
