using System.CommandLine;
using PgTrickle.Cli.CommandLine;
using PgTrickle.Cli.Connections;
using PgTrickle.Dvm;
using PgTrickle.Postgres.Compilation;

namespace PgTrickle.Cli.Commands;

/// <summary><c>pgtrickle explain</c>: what the compiler makes of a query, stage by stage.</summary>
internal sealed class ExplainCommand : CliCommand
{
    private readonly Argument<string> _query = new("query") { Description = "The query, or - to read it from standard input." };
    private readonly Option<string?> _connection = CommonOptions.Connection();

    private readonly Option<ExplainStage> _stage = new("--stage")
    {
        Description = "parsed: the canonical text. bound: the operators. plan: the operators after all passes, and the rule of the root. "
            + "delta: the changes of the result. sql: the statement of a refresh.",
        HelpName = "parsed|bound|plan|delta|sql",
        DefaultValueFactory = _ => ExplainStage.Plan,
    };

    private readonly Option<RequestedMode> _mode = new("--mode")
    {
        Description = "The refresh mode asked for: auto, differential or full.",
        HelpName = "auto|differential|full",
        DefaultValueFactory = _ => RequestedMode.Auto,
    };

    private readonly Option<string[]> _changed = new("--changed")
    {
        Description = "A table that changed, for the stages delta and sql. May be given several times. Without it all have changed.",
        HelpName = "table",
        DefaultValueFactory = _ => [],
    };

    private readonly CliContext _context;

    public ExplainCommand(CliContext context)
        : base(
            "explain",
            "Shows how a query would be maintained as a stream table. It is compiled with the rights of the connection's role, in a transaction that is rolled back: "
            + "nothing is left behind.",
            new Example("""pgtrickle explain "SELECT region, sum(amount) FROM orders GROUP BY region" """.Trim(), "The operators and the rule"),
            new Example("""pgtrickle explain --stage sql --changed orders "SELECT c.name, o.amount FROM orders o JOIN customers c USING (customer_id)" """.Trim(), "The statement that runs when orders alone has changed"))
    {
        _context = context;
        Arguments.Add(_query);
        Options.Add(_connection);
        Options.Add(_stage);
        Options.Add(_mode);
        Options.Add(_changed);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        var query = arguments.GetRequiredValue(_query) is var text && text == "-" ? await _context.Input.ReadToEndAsync(cancellation) : text;
        await using var connection = await ShortConnection.OpenAsync(ConnectionText.Require(arguments.GetValue(_connection), _context), cancellation);
        if (!await QueryExplainer.IsInstalledAsync(connection, cancellation))
        {
            throw new CliException(ExitCode.Environment, "Stream tables are not installed in this database.", "Run: pgtrickle install");
        }

        var plan = await QueryExplainer.CompileAsync(connection, query, arguments.GetValue(_mode), Compiler.Compile, cancellation);
        await _context.Output.WriteLineAsync(plan.Explain(arguments.GetValue(_stage), mask: MaskOf(plan, arguments.GetValue(_changed) ?? [])).TrimEnd());
        if (plan.Fallback is { } reason)
        {
            await _context.Error.WriteLineAsync($"Evaluated as a whole: {reason.Message}. {reason.Detail}");
        }

        return ExitCode.Ok;
    }

    /// <summary>The variant for the tables that changed; null for all.</summary>
    private static long? MaskOf(CompiledPlan plan, string[] changed)
    {
        if (changed.Length == 0)
        {
            return null;
        }

        long mask = 0;
        foreach (var name in changed)
        {
            var bits = plan.Sources
                .Where(source => name == source.Relation.Name.Name.Value || name == source.Relation.Name.ToString())
                .Aggregate(0L, (bits, source) => bits | (1L << source.Ordinal));
            mask |= bits != 0
                ? bits
                : throw new CliException(
                    ExitCode.Usage, $"The query does not read a table '{name}'.", $"It reads {string.Join(", ", plan.Sources.Select(source => source.Relation.Name))}.");
        }

        return mask;
    }
}
