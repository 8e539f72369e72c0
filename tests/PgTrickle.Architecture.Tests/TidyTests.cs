namespace PgTrickle.Architecture.Tests;

public sealed class TidyTests
{
    private const string WaitingHelper = "tests/PgTrickle.TestInfrastructure/Eventually.cs";

    private static readonly HashSet<string> Written = [".cs", ".sql", ".sh", ".conf", ".proto", ".csproj", ".props", ".targets", ".md", ".yaml", ".yml", ".json", ".tpl", ".txt", ".config"];

    /// <summary>Results that tests compare with, and recorded input, may be as long as they are.</summary>
    private static bool IsWritten(RepositoryFile file) =>
        (Written.Contains(file.Extension) || file.Path.StartsWith(".ci/", StringComparison.Ordinal))
        && !file.Path.Contains("/Goldens/", StringComparison.Ordinal)
        && !file.Path.Contains("/Corpus/", StringComparison.Ordinal);

    [Fact]
    public void Files_are_short() =>
        AssertTidy(TidyRules.LongFile, file => IsWritten(file) && file.Extension is ".cs" or ".sql" or ".sh" or ".conf" or ".proto");

    [Fact]
    public void Methods_are_short() => AssertTidy(TidyRules.LongMethods, file => file.Extension == ".cs");

    [Fact]
    public void Tests_wait_for_conditions_and_not_for_time() => AssertTidy(
        TidyRules.Sleeps, file => file.Extension == ".cs" && file.IsUnder("tests", "multinode-tests") && file.Path != WaitingHelper);

    [Fact]
    public void No_test_is_skipped() =>
        AssertTidy(TidyRules.SkippedTests, file => file.Extension == ".cs" && file.IsUnder("tests", "multinode-tests"));

    [Fact]
    public void Nothing_is_left_unimplemented() => AssertTidy(TidyRules.Unimplemented, file => file.Extension == ".cs");

    [Fact]
    public void No_reminders_are_left() => AssertTidy(TidyRules.Reminders, IsWritten);

    [Fact]
    public void No_folder_of_one_machine_is_named() => AssertTidy(TidyRules.MachinePaths, IsWritten);

    [Fact]
    public void No_package_registry_is_named() => AssertTidy(TidyRules.RegistryHosts, IsWritten);

    [Fact]
    public void Only_the_printer_puts_command_text_together() => AssertTidy(
        TidyRules.HandmadeSql, file => file.Extension == ".cs" && file.IsUnder("src", "actors") && !file.IsUnder("src/PgTrickle.Sql"));

    private static void AssertTidy(Func<string, IEnumerable<string>> rule, Func<RepositoryFile, bool> applies)
    {
        var files = Repository.Files.Where(applies).ToList();
        Assert.NotEmpty(files);
        Violations.None(files.AsParallel().SelectMany(file => rule(file.Read()).Select(violation => $"{file.Path} {violation}")));
    }
}
