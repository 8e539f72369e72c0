using System.Runtime.CompilerServices;

namespace PgTrickle.Dvm.Tests.Plans;

/// <summary>Plans as text, compared with files. <c>PGTRICKLE_UPDATE_GOLDENS=1</c> writes them anew.</summary>
public sealed class GoldenTests
{
    public static TheoryData<string> Names => [.. SampleQueries.All.Keys];

    [MemberData(nameof(Names))]
    [Theory]
    public void Plans_are_what_they_were(string name)
    {
        var plan = SampleCatalog.Compile(SampleQueries.All[name]);
        var actual = string.Join('\n', Enum.GetValues<ExplainStage>().Where(static s => s != ExplainStage.Delta).Select(s => $"--- {s}\n{plan.Explain(s).TrimEnd()}\n"));
        var path = Path.Combine(Directory(), name + ".txt");
        if (Environment.GetEnvironmentVariable("PGTRICKLE_UPDATE_GOLDENS") == "1")
        {
            File.WriteAllText(path, actual);
        }

        Assert.Equal(File.ReadAllText(path), actual);
    }

    [Fact]
    public void Every_golden_has_its_query()
        => Assert.Equal(SampleQueries.All.Keys.Order(), System.IO.Directory.GetFiles(Directory(), "*.txt").Select(static f => Path.GetFileNameWithoutExtension(f)!).Order());

    [Fact]
    public void Compiling_twice_gives_the_same_text()
    {
        foreach (var query in SampleQueries.All.Values)
        {
            Assert.Equal(SampleCatalog.Compile(query).Explain(ExplainStage.Sql), SampleCatalog.Compile(query).Explain(ExplainStage.Sql));
        }
    }

    private static string Directory([CallerFilePath] string file = "") => Path.Combine(Path.GetDirectoryName(file)!, "..", "Goldens");
}
