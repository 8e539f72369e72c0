using System.Text.RegularExpressions;

namespace PgTrickle.Architecture.Tests;

public sealed partial class LayoutTests
{
    private static readonly HashSet<string> RootEntries =
    [
        Repository.SolutionName, "src", "actors", "hocon", "deploy", "tests", "multinode-tests", "bench", "docs", "README.md", "LICENSE",
        "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json", "nuget.config",
    ];

    [Fact]
    public void The_root_holds_only_what_belongs_there() => Violations.None(Repository.Files
        .Select(file => file.Path.Split('/')[0])
        .Where(entry => !entry.StartsWith('.') && !RootEntries.Contains(entry))
        .Distinct());

    [Fact]
    public void Every_project_is_part_of_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, Repository.SolutionName)).Replace('\\', '/');
        Violations.None(Repository.Projects.Select(project => project.Path).Where(path => !solution.Contains($"\"{path}\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_project_lies_in_a_folder_of_its_name() => Violations.None(Repository.Projects.Select(project => project.Path).Where(path =>
        path.Split('/') is not [_, var folder, var name] || name != folder + ".csproj"));

    [Fact]
    public void The_index_of_traps_names_tests_that_exist()
    {
        var index = Repository.Files.Single(file => file.Path == "docs/traps.md").Read();
        var tests = Repository.Sources.Where(file => file.IsUnder("tests")).ToLookup(file => Path.GetFileNameWithoutExtension(file.Name), file => file.Read());
        var named = TestName().Matches(index).Select(match => (Class: match.Groups[1].Value, Method: match.Groups[2].Value)).Distinct().ToList();
        Assert.NotEmpty(named);
        Violations.None(named
            .Where(test => !tests[test.Class].Any(text => text.Contains($" {test.Method}(", StringComparison.Ordinal)))
            .Select(test => $"docs/traps.md: there is no test {test.Class}.{test.Method}"));
    }

    [GeneratedRegex("`([A-Z][A-Za-z]+Tests)[.]([A-Za-z0-9_]+)`")]
    private static partial Regex TestName();

    [Fact]
    public void Migrations_are_numbered_without_gaps()
    {
        var migrations = Repository.Files
            .Where(file => file.IsUnder("src/PgTrickle.Postgres/Migrations") && file.Extension == ".sql")
            .Select(file => file.Name)
            .Order(StringComparer.Ordinal)
            .ToList();
        Assert.NotEmpty(migrations);
        Assert.All(migrations, name => Assert.Matches("^[0-9]{4}_[a-z0-9_]+[.]sql$", name));
        Assert.Equal(Enumerable.Range(1, migrations.Count), migrations.Select(name => int.Parse(name.AsSpan(0, 4), null)));
    }

    [Fact]
    public void Every_migration_is_shipped_in_the_assembly()
    {
        var resources = DependencyResources.Names(Path.Combine(AppContext.BaseDirectory, "PgTrickle.Postgres.dll"));
        Violations.None(Repository.Files
            .Where(file => file.IsUnder("src/PgTrickle.Postgres/Migrations") && file.Extension == ".sql")
            .Select(file => file.Name)
            .Where(name => !resources.Any(resource => resource.EndsWith("." + name, StringComparison.Ordinal))));
    }
}
