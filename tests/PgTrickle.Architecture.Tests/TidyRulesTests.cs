namespace PgTrickle.Architecture.Tests;

/// <summary>A rule that finds nothing anywhere proves nothing: each is shown what it must find and what it must not.</summary>
public sealed class TidyRulesTests
{
    [Fact]
    public void Long_files_are_found()
    {
        Assert.Empty(TidyRules.LongFile(new string('\n', TidyRules.LongestFile)));
        Assert.Single(TidyRules.LongFile(new string('\n', TidyRules.LongestFile + 1)));
    }

    [Fact]
    public void Long_methods_are_found_and_their_comments_do_not_count()
    {
        Assert.Empty(TidyRules.LongMethods(Method(TidyRules.LongestMethod)));
        Assert.Single(TidyRules.LongMethods(Method(TidyRules.LongestMethod + 1)));

        static string Method(int lines) => $"class C\n{{\n    /// <summary>Comment.</summary>\n    // more\n    void M()\n    {{{new string('\n', lines - 2)}    }}\n}}\n";
    }

    [Theory]
    [InlineData("await Task.Delay(1);")]
    [InlineData("await System.Threading.Tasks.Task.Delay(1, token);")]
    [InlineData("Thread.Sleep(5);")]
    public void Sleeping_is_found(string statement) => Assert.Single(TidyRules.Sleeps(InMethod(statement)));

    [Fact]
    public void Skipped_tests_are_found() =>
        Assert.Single(TidyRules.SkippedTests("class C { [Fact(Skip = \"later\")] public void M() { } [Fact(DisplayName = \"x\")] public void N() { } }"));

    [Fact]
    public void Unimplemented_code_is_found() => Assert.Single(TidyRules.Unimplemented(InMethod("throw new NotImplementedException();")));

    [Fact]
    public void Reminders_are_found()
    {
        Assert.Single(TidyRules.Reminders("// " + "TO" + "DO: later"));
        Assert.Empty(TidyRules.Reminders("autodoc and to do"));
    }

    [Fact]
    public void Machine_paths_are_found()
    {
        Assert.Single(TidyRules.MachinePaths("see " + "/wo" + "rk/main/x"));
        Assert.Single(TidyRules.MachinePaths("\"" + "/ho" + "me/jane/src\""));
        Assert.Empty(TidyRules.MachinePaths("/usr/lib/postgresql and ./homework/x and docs/work/y"));
    }

    [Fact]
    public void Registry_hosts_are_found()
    {
        Assert.Single(TidyRules.RegistryHosts("https://" + "api." + "nuget.org/v3/index.json"));
        Assert.Single(TidyRules.RegistryHosts("registry." + "npmjs.org"));
        Assert.Empty(TidyRules.RegistryHosts("https://www.postgresql.org/docs/18/"));
    }

    [Theory]
    [InlineData("var x = $\"SELECT * FROM {table}\";")]
    [InlineData("var x = $\"\"\"\n    DELETE FROM {table}\n    \"\"\";")]
    [InlineData("var x = \"DROP TABLE \" + table;")]
    public void Handmade_sql_is_found(string statement) => Assert.Single(TidyRules.HandmadeSql(InMethod(statement)));

    [Theory]
    [InlineData("var x = \"SELECT 1\";")]
    [InlineData("var x = $\"Select {one} of them\";")]
    [InlineData("var x = \"SELECT a \" + \"FROM b\";")]
    [InlineData("throw new NotSupportedException($\"WITH RECURSIVE {name} is not supported\");")]
    public void Constant_sql_and_messages_are_let_pass(string statement) => Assert.Empty(TidyRules.HandmadeSql(InMethod(statement)));

    private static string InMethod(string statement) => $"class C {{ async Task M() {{ {statement} }} }}";
}
