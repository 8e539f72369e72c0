using PgTrickle.Dvm.Apply;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Differentiation;
using PgTrickle.Sql.Printing;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm;

/// <summary>A plan that evaluates the query, in the canonical text's own words, and applies the difference.</summary>
internal sealed class FullPlan : CompiledPlan
{
    private readonly QueryAnalysis _analysis;
    private readonly StoredResult _result;

    public FullPlan(QueryAnalysis analysis, RelationCollector relations, StoredResult result, CompileError? fallback)
        : base(PlanMode.Full, fallback)
    {
        _analysis = analysis;
        _result = result;
        Sources = relations.Sources;
        UntrackedSources = relations.Untracked;
        Shape = ShapeDdl.ShapeOf(result);
    }

    public override IReadOnlyList<PlanSource> Sources { get; }

    public override IReadOnlyList<RelationInfo> UntrackedSources { get; }

    public override StreamTableShape Shape { get; }

    public override string? ClockMoved => Passes.ClockExpressions.Closed(_analysis.Query).ToList() is { Count: > 0 } closed
        ? SqlPrinter.Print(Passes.ClockExpressions.Moved(closed))
        : null;

    public override long ClockBit => ClockMoved is null ? 0 : 1L << Sources.Count;

    public override IReadOnlyList<string> Setup(PlanNames names) => ShapeDdl.Statements(Shape, names.Table);

    public override IReadOnlyList<string> Fill(PlanNames names) => [SqlPrinter.Print(ChangeStatement.Fill(_result, Rows(), names))];

    public override IReadOnlyList<string> Full(PlanNames names, ApplyStrategy strategy = ApplyStrategy.Merge)
        => [SqlPrinter.Print(ChangeStatement.Of(_result, FullApply.Of(_result, Rows(), names), names, strategy))];

    public override IReadOnlyList<string> Delta(PlanNames names, long mask, ApplyStrategy strategy = ApplyStrategy.Merge)
        => throw new InvalidOperationException("The plan has no deltas: its mode is Full.");

    public override string Explain(ExplainStage stage, PlanNames? names = null, long? mask = null) => stage switch
    {
        ExplainStage.Parsed => _analysis.Text,
        ExplainStage.Sql => Full(names ?? new PlanNames("stream_table", []))[0] + "\n",
        _ => $"evaluate and apply the difference{(Fallback is null ? "" : $": {Fallback.Detail}")}\n",
    };

    private SelectBody Rows()
    {
        var columns = _result.Columns.Select(static (_, i) => NameSource.ColumnName(i)).ToList();
        return Select(columns.Select(static c => Column("query", c).As(c))) with { From = [Derived(_analysis.Query, "query", columns)] };
    }
}
