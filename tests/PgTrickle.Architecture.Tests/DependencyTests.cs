using System.Xml.Linq;

namespace PgTrickle.Architecture.Tests;

public sealed class DependencyTests
{
    private static readonly string Output = AppContext.BaseDirectory;

    private static IEnumerable<RepositoryFile> Shipped => Repository.Projects.Where(project => project.IsUnder("src", "actors"));

    [Fact]
    public void Projects_reference_only_what_lies_below_them() => Violations.None(
        from project in Shipped
        let name = NameOf(project)
        from reference in Items(project, "ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')))
        where DependencyRules.AllowedReferences(name)?.Contains(reference) != true
        select $"{project.Path} references {reference}");

    [Fact]
    public void Every_shipped_project_has_a_rule() =>
        Violations.None(Shipped.Select(NameOf).Where(name => DependencyRules.AllowedReferences(name) is null));

    [Fact]
    public void Projects_reference_no_package_that_their_layer_must_not_know() => Violations.None(
        from project in Shipped
        from package in Items(project, "PackageReference")
        where DependencyRules.IsForbidden(NameOf(project), package)
        select $"{project.Path} references the package {package}");

    [Fact]
    public void Assemblies_reference_only_what_lies_below_them() => Violations.None(
        from assembly in Assemblies()
        from reference in DependencyRules.References(assembly.File)
        where DependencyRules.IsForbidden(assembly.Name, reference)
            || (reference.StartsWith("PgTrickle.", StringComparison.Ordinal)
                && DependencyRules.AllowedReferences(assembly.Name)?.Contains(reference) != true)
        select $"{assembly.Name} references {reference}");

    [Fact]
    public void The_compiler_the_scheduler_and_the_codec_have_no_effects() => Violations.None(
        from assembly in Assemblies()
        where DependencyRules.PureAssemblies.Contains(assembly.Name)
        from type in DependencyRules.EffectfulTypes(assembly.File)
        select $"{assembly.Name} uses {type}");

    [Fact]
    public void The_rules_notice_effects_and_foreign_libraries()
    {
        var postgres = Path.Combine(Output, "PgTrickle.Postgres.dll");
        Assert.Contains("System.IO.File", DependencyRules.EffectfulTypes(postgres));
        Assert.Contains("System.Diagnostics.Process", DependencyRules.EffectfulTypes(postgres));
        Assert.Contains("Npgsql", DependencyRules.References(postgres));
        Assert.True(DependencyRules.IsForbidden("PgTrickle.Dvm", "Npgsql"));
        Assert.True(DependencyRules.IsForbidden("PgTrickle.Postgres", "Akka.Cluster"));
        Assert.False(DependencyRules.IsForbidden("PgTrickle.Actors", "Akka.Cluster"));
    }

    [Fact]
    public void Every_shipped_assembly_is_looked_at()
    {
        var names = Assemblies().Select(assembly => assembly.Name).ToHashSet();
        Violations.None(Shipped.Select(NameOf).Where(name => !names.Contains(name)));
    }

    private static string NameOf(RepositoryFile project) => Path.GetFileNameWithoutExtension(project.Name);

    private static IEnumerable<string> Items(RepositoryFile project, string kind) =>
        XDocument.Load(project.FullPath).Descendants(kind).Select(item => (string)item.Attribute("Include")!);

    /// <summary>The command line tool's assembly has the name of the command.</summary>
    private static IEnumerable<(string Name, string File)> Assemblies() => Directory.EnumerateFiles(Output, "PgTrickle.*.dll")
        .Select(file => (Name: Path.GetFileNameWithoutExtension(file), File: file))
        .Where(assembly => DependencyRules.AllowedReferences(assembly.Name) is not null)
        .Append(("PgTrickle.Cli", Path.Combine(Output, "pgtrickle.dll")));
}
