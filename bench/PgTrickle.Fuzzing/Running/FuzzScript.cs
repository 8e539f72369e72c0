using System.Text;
using PgTrickle.Dvm;
using PgTrickle.Fuzzing.Generation;

namespace PgTrickle.Fuzzing.Running;

/// <summary>A case as a script: SQL for a reader, with marks (lines that begin with <c>--!</c>) by which it can be run again.</summary>
internal static class FuzzScript
{
    public static string Write(FuzzFailure failure)
    {
        var (isRead, strategy, isOvercareful, every) = failure.Manner;
        var open = failure.Manner.IsOpen ? " open" : "";
        var script = new StringBuilder()
            .Append(FormattableString.Invariant($"--! case {failure.Kind} postgres {failure.Version} seed {failure.Seed} read {isRead} strategy {strategy} all {isOvercareful} evaluate {every}{open}\n"))
            .Append(FormattableString.Invariant($"--! query\n{failure.Query}\n"));
        Write(script, "initial", failure.History.Initial);
        foreach (var interval in failure.History.Intervals)
        {
            Write(script, "interval", interval);
        }

        return script.Append("--! end\n").ToString();
    }

    /// <summary>The major version from which on servers know what the query uses: after the word <c>since</c> in the first line.</summary>
    public static int Since(string script)
    {
        var head = script.ReplaceLineEndings("\n").Split('\n')[0].Split(' ');
        return Array.IndexOf(head, "since") is var place and >= 0 ? int.Parse(head[place + 1], System.Globalization.CultureInfo.InvariantCulture) : 0;
    }

    public static FuzzFailure Read(string script)
    {
        // What was seen may follow the script.
        var lines = script.ReplaceLineEndings("\n").Split("\n--! end")[0].Split('\n');
        var head = lines[0].Split(' ');
        string After(string word) => head[Array.IndexOf(head, word) + 1];
        var manner = new Manner(
            bool.Parse(After("read")), Enum.Parse<ApplyStrategy>(After("strategy")), bool.Parse(After("all")), int.Parse(After("evaluate"), System.Globalization.CultureInfo.InvariantCulture))
        {
            IsOpen = head.Contains("open"),
        };
        var query = new StringBuilder();
        List<FuzzTransaction> initial = [];
        List<List<FuzzTransaction>> intervals = [];
        var current = initial;
        foreach (var line in lines.Skip(2))
        {
            if (line.StartsWith("--! initial", StringComparison.Ordinal))
            {
                current = initial;
            }
            else if (line.StartsWith("--! interval", StringComparison.Ordinal))
            {
                intervals.Add(current = []);
            }
            else if (line.StartsWith("--! transaction", StringComparison.Ordinal))
            {
                current.Add(new([], line.Contains("rolled back", StringComparison.Ordinal), line.Contains("late", StringComparison.Ordinal)));
            }
            else if (current.Count > 0 && line.Length > 0 && !line.StartsWith("--!", StringComparison.Ordinal))
            {
                current[^1] = current[^1] with { Statements = [.. current[^1].Statements, line.TrimEnd(';')] };
            }
            else if (current.Count == 0 && intervals.Count == 0 && !line.StartsWith("--!", StringComparison.Ordinal))
            {
                query.Append(line).Append('\n');
            }
        }

        return new(
            Enum.Parse<FailureKind>(After("case")), query.ToString().Trim(), manner, int.Parse(After("postgres"), System.Globalization.CultureInfo.InvariantCulture),
            int.Parse(After("seed"), System.Globalization.CultureInfo.InvariantCulture), new(initial, intervals), "");
    }

    private static void Write(StringBuilder script, string mark, IReadOnlyList<FuzzTransaction> transactions)
    {
        script.Append("--! ").Append(mark).Append('\n');
        foreach (var transaction in transactions)
        {
            script.Append("--! transaction").Append(transaction.IsRolledBack ? " rolled back" : "").Append(transaction.IsLate ? " late" : "").Append('\n');
            foreach (var statement in transaction.Statements)
            {
                script.Append(statement.ReplaceLineEndings(" ")).Append(";\n");
            }
        }
    }
}
