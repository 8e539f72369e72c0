using System.Net.Sockets;
using Npgsql;
using PgTrickle.Cli.CommandLine;
using PgTrickle.Postgres.Embedded;
using PgTrickle.Postgres.Ports;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Cli.Tests.CommandLine;

public sealed class ErrorReportTests
{
    [Fact]
    public void An_error_of_postgresql_shows_sqlstate_detail_and_hint()
    {
        var report = ErrorReport.Of(new PostgresException("no such thing", "ERROR", "ERROR", "42P01", detail: "it never was", hint: "make it", position: 15));

        Assert.Equal(
            ["ERROR: no such thing (SQLSTATE 42P01)", "DETAIL: it never was", "HINT: make it", "POSITION: character 15 of the query"], report.Lines);
        Assert.Equal(ExitCode.Failed, report.Code);
    }

    [Theory]
    [InlineData("28P01")]
    [InlineData("3D000")]
    [InlineData("53300")]
    [InlineData("57P03")]
    public void Not_getting_in_is_an_error_of_the_environment(string sqlState) =>
        Assert.Equal(ExitCode.Environment, ErrorReport.Of(new PostgresException("no", "FATAL", "FATAL", sqlState)).Code);

    [Fact]
    public void A_failed_refresh_shows_what_was_recorded()
    {
        var report = ErrorReport.Of(new RefreshFailedException(1, FailureKind.Query, "22012", "division by zero", "in row 3", "mend the data"));

        Assert.Equal(["error: division by zero (SQLSTATE 22012)", "DETAIL: in row 3", "HINT: mend the data"], report.Lines);
        Assert.Equal(ExitCode.Failed, report.Code);
    }

    [Fact]
    public void A_server_that_cannot_be_started_is_an_error_of_the_environment() =>
        Assert.Equal(ExitCode.Environment, ErrorReport.Of(new EmbeddedPostgresException("no npm")).Code);

    [Fact]
    public void A_defect_has_an_exit_code_of_its_own_and_no_stack_trace()
    {
        var report = ErrorReport.Of(Thrown(new InvalidOperationException("never")));

        Assert.Equal(ExitCode.Internal, report.Code);
        Assert.DoesNotContain(report.Lines, line => line.Contains(" at ", StringComparison.Ordinal));
    }

    [Fact]
    public void An_interruption_is_no_failure_of_the_command() =>
        Assert.Equal(ExitCode.Interrupted, ErrorReport.Of(new OperationCanceledException()).Code);

    [Fact]
    public async Task A_port_on_which_nobody_listens_is_an_error_of_the_environment_that_says_so()
    {
        var connection = new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = UnusedPort(), Username = "u", Password = "topsecret", Database = "d" };
        await using var source = NpgsqlDataSource.Create(connection);
        var failure = await Record.ExceptionAsync(() => source.ExecuteAsync("SELECT 1"));

        var report = ErrorReport.Of(failure!);

        Assert.Equal(ExitCode.Environment, report.Code);
        Assert.Contains("refused", report.Lines[0], StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(report.Lines, line => line.Contains("topsecret", StringComparison.Ordinal));
    }

    private static int UnusedPort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static Exception Thrown(Exception failure)
    {
        try
        {
            throw failure;
        }
        catch (InvalidOperationException caught)
        {
            return caught;
        }
    }
}
