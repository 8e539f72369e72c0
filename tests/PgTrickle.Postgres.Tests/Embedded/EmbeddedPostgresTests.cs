using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using PgTrickle.Postgres.Embedded;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Embedded;

public sealed class EmbeddedPostgresTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pgtrickle-embedded").FullName;

    public EmbeddedPostgresTests()
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        }
    }

    [Theory, PostgresVersions]
    public async Task A_stopped_server_leaves_neither_process_nor_temporary_data(PostgresVersion version)
    {
        var server = await EmbeddedPostgres.StartAsync(TestServer.Options(version));
        var postmaster = Postmaster(server);
        Assert.True(server.IsRunning);
        await server.DisposeAsync();
        Assert.False(server.IsRunning);
        Assert.False(Directory.Exists(server.DataDirectory));
        Assert.Throws<ArgumentException>(() => Process.GetProcessById(postmaster));
    }

    [Theory, PostgresVersions]
    public async Task Passwords_are_required_unless_trust_was_asked_for(PostgresVersion version)
    {
        await using var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { MajorVersion = version.Major, SuperuserName = "boss" });
        Assert.Equal("boss", await QueryAsync(server.ConnectionString(), "SELECT current_user::text"));
        Assert.Equal("UTF8", await QueryAsync(server.ConnectionString(), "SHOW server_encoding"));
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => QueryAsync(server.ConnectionString("postgres", "boss", "wrong"), "SELECT ''"));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refusal.SqlState);
    }

    [Theory, PostgresVersions]
    public async Task A_data_directory_of_ones_own_survives_stop_and_crash(PostgresVersion version)
    {
        var options = new EmbeddedPostgresOptions { MajorVersion = version.Major, DataDirectory = Path.Combine(_folder, "data") };
        var first = await EmbeddedPostgres.StartAsync(options);
        await QueryAsync(first.ConnectionString(), "CREATE TABLE kept AS SELECT 'a' AS x");
        await first.DisposeAsync();
        var second = await EmbeddedPostgres.StartAsync(options);
        await QueryAsync(second.ConnectionString(), "INSERT INTO kept VALUES ('b')");
        await second.CrashAsync();

        // No version is asked for: the data decides it.
        await using var third = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { DataDirectory = options.DataDirectory });
        Assert.Equal(version.Major, third.Binaries.MajorVersion);
        Assert.Equal("ab", await QueryAsync(third.ConnectionString(), "SELECT string_agg(x, '' ORDER BY x) FROM kept"));
    }

    [Theory, PostgresVersions]
    public async Task A_taken_port_makes_it_try_another(PostgresVersion version)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var proposals = new Queue<int>([PortOf(taken), PortOf(taken)]);
        var host = EmbeddedHost.Current;
        var options = Options(version, host with { ProposePort = () => proposals.TryDequeue(out var port) ? port : host.ProposePort() });
        await using var server = await EmbeddedPostgres.StartAsync(options);
        Assert.Empty(proposals);
        Assert.NotEqual(PortOf(taken), server.Port);
        Assert.Equal("1", await QueryAsync(server.ConnectionString(), "SELECT '1'"));
    }

    [Theory, PostgresVersions]
    public async Task A_port_that_was_asked_for_and_is_taken_is_an_error(PostgresVersion version)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var failure = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => EmbeddedPostgres.StartAsync(
            new EmbeddedPostgresOptions { MajorVersion = version.Major, Port = PortOf(taken) }));
        Assert.Contains(PortOf(taken).ToString(CultureInfo.InvariantCulture), failure.Message, StringComparison.Ordinal);
        Assert.Contains("could not bind", failure.Message, StringComparison.Ordinal);
    }

    [Theory, PostgresVersions]
    public async Task A_setting_that_the_server_refuses_is_quoted_from_its_log(PostgresVersion version)
    {
        var options = TestServer.Options(version, new Dictionary<string, string> { ["max_connections"] = "lots" });
        var failure = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => EmbeddedPostgres.StartAsync(options));
        Assert.Contains("invalid value for parameter \"max_connections\"", failure.Message, StringComparison.Ordinal);
    }

    [Theory, PostgresVersions]
    public async Task The_server_does_not_outlive_a_process_that_is_killed(PostgresVersion version)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        start.ArgumentList.Add(typeof(ServerHostProgram).Assembly.Location);
        start.ArgumentList.Add(version.Major.ToString(CultureInfo.InvariantCulture));
        using var parent = Process.Start(start)!;
        var line = await parent.StandardOutput.ReadLineAsync();
        var (port, data) = (int.Parse(line!.Split(' ')[0], CultureInfo.InvariantCulture), line.Split(' ', 2)[1]);
        Assert.True(await ListensAsync(port));
        parent.Kill();
        await Eventually.TrueAsync(async () => !await ListensAsync(port), "the server has stopped");
        await Eventually.TrueAsync(() => !Directory.Exists(data), "its temporary data is removed");
    }

    [Theory]
    [InlineData("setpriv", "setsid")]
    [InlineData("runuser", "setsid")]
    [InlineData("su", "setsid")]
    [InlineData("setpriv", "perl")]
    [InlineData("setpriv", null)]
    public async Task Any_tool_that_changes_the_user_or_the_session_will_do(string switcher, string? session)
    {
        using var machine = new FakeMachine();
        machine.RemoveTool("setpriv");
        machine.RemoveTool("setsid");
        machine.AddTool(switcher);
        machine.AddTool(session ?? switcher);
        var binaries = await PostgresLocator.FindAsync(new EmbeddedPostgresOptions { MajorVersion = PostgresVersion.Selected[0].Major });
        await using var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { BinDirectory = binaries.Directory, Host = machine.Host });
        Assert.Equal("1", await QueryAsync(server.ConnectionString(), "SELECT '1'"));
        if (OperatingSystem.IsLinux() && session is not null && machine.Host.FindExecutable(session) is not null)
        {
            // Ctrl-C goes to a whole process group.
            Assert.NotEqual(ProcessGroup("self"), ProcessGroup(Postmaster(server).ToString(CultureInfo.InvariantCulture)));
        }
    }

    [Fact]
    public void The_password_does_not_show_in_the_options_text()
    {
        var options = new EmbeddedPostgresOptions { SuperuserPassword = "confidential" };
        Assert.DoesNotContain("confidential", $"{options}", StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static EmbeddedPostgresOptions Options(PostgresVersion version, EmbeddedHost host) => new() { MajorVersion = version.Major, Host = host };

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private static int Postmaster(EmbeddedPostgres server) =>
        int.Parse(File.ReadLines(Path.Combine(server.DataDirectory, "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    /// <summary>The third field after the program's name, which may hold anything but ends with the last parenthesis.</summary>
    private static string ProcessGroup(string process) => File.ReadAllText($"/proc/{process}/stat").Split(')')[^1].Split(' ')[3];

    private static async Task<string?> QueryAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        return await connection.ScalarAsync<string>(sql);
    }

    private static async Task<bool> ListensAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
