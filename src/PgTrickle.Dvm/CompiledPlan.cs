using System.Globalization;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm;

/// <summary>How a stream table is maintained.</summary>
public enum PlanMode
{
    /// <summary>By deltas; the full difference remains at hand.</summary>
    Differential,

    /// <summary>Only by evaluating the query and applying the difference.</summary>
    Full,
}

/// <summary>How a delta is applied.</summary>
public enum ApplyStrategy
{
    /// <summary>One MERGE.</summary>
    Merge,

    /// <summary>Deletes before inserts: for a retry after 23505, when a user's unique index sees values swap.</summary>
    Split,
}

/// <summary>Which text <see cref="CompiledPlan.Explain"/> shows.</summary>
public enum ExplainStage
{
    /// <summary>The canonical text.</summary>
    Parsed,

    /// <summary>The operator tree as bound.</summary>
    Bound,

    /// <summary>The operator tree after all passes, with the rule at its root.</summary>
    Plan,

    /// <summary>The terms of each operator's delta.</summary>
    Delta,

    /// <summary>The statements of a variant.</summary>
    Sql,
}

/// <summary>A relation that a plan reads changes of.</summary>
/// <param name="Ordinal">Its place, counted from 0: bit <c>1 &lt;&lt; Ordinal</c> of a mask, entry <c>Ordinal + 1</c> of parameter $2.</param>
/// <param name="Relation">The relation.</param>
/// <param name="Columns">The columns to capture, in order of their number; there may be none (<c>count(*)</c>).</param>
public sealed record PlanSource(int Ordinal, RelationInfo Relation, SyntaxList<ColumnInfo> Columns);

/// <summary>The names that statements are printed with.</summary>
/// <param name="Table">The stream table.</param>
/// <param name="ChangeViews">The view on the change buffer of each source, by ordinal: transaction, weight, and the columns by name.</param>
/// <param name="Buffer">The stream table's own change buffer (weight and the visible columns by name), if something reads it.</param>
public sealed record PlanNames(QualifiedName Table, SyntaxList<QualifiedName> ChangeViews, QualifiedName? Buffer = null)
{
    /// <summary>The column of a change buffer, and of the view on it, that holds the writing transaction's xid8.</summary>
    public SqlIdentifier XidColumn { get; init; } = new("__pgt_xid");

    /// <summary>The column that holds the weight: -1 or +1.</summary>
    public SqlIdentifier WeightColumn { get; init; } = new("__pgt_w");

    /// <summary>What the names of the plan's own tables begin with, and their schema; the stream table's name if nothing else is said.</summary>
    public QualifiedName NodePrefix { get; init; } = Table;

    /// <summary>The setting in which the statement notes how many rows it changes.</summary>
    internal string Counts { get; private init; } = PlanSettings.Delta;

    /// <summary>The table of a node.</summary>
    internal QualifiedName NodeTable(int node) => Own("_n", node);

    /// <summary>The table that holds what a refresh has changed in a node, until it ends.</summary>
    internal QualifiedName NodeChanges(int node) => Own("_d", node);

    /// <summary>The names by which a node is maintained as a stream table is.</summary>
    internal PlanNames OfNode(int node) => this with { Table = NodeTable(node), Buffer = NodeChanges(node), Counts = PlanSettings.OfNode(node) };

    private QualifiedName Own(string kind, int node)
        => NodePrefix with { Name = new SqlIdentifier(string.Create(CultureInfo.InvariantCulture, $"{NodePrefix.Name.Value}{kind}{node + 1}")) };
}

/// <summary>A hidden column of a stream table.</summary>
/// <param name="Name">Its name, beginning with <c>__pgt_</c>.</param>
/// <param name="Type">Its type.</param>
/// <param name="NotNull">Whether it is never NULL.</param>
public sealed record HiddenColumn(SqlIdentifier Name, QualifiedName Type, bool NotNull);

/// <summary>What a stream table needs beside its visible columns.</summary>
public sealed record StreamTableShape
{
    /// <summary>The column of the hash that stands in for a key where no index can compute it: the hash narrows, the columns decide.</summary>
    public const string RowId = "__pgt_row_id";

    /// <summary>Hidden columns, in the order in which they are added.</summary>
    public SyntaxList<HiddenColumn> HiddenColumns { get; init; }

    /// <summary>Columns, or the hash of columns, by which an index finds rows; none if the result has exactly one row.</summary>
    public SyntaxList<SqlExpression> IndexKeys { get; init; }

    /// <summary>Whether that index is unique, so that its columns are a key; each of them is NOT NULL.</summary>
    public bool IsUnique { get; init; }

    /// <summary>Columns, or the hash of columns, by which another index finds rows that belong together; none if nothing looks for such.</summary>
    public SyntaxList<SqlExpression> LookupKeys { get; init; }
}

/// <summary>
/// What the compiler makes of a defining query. Immutable; statements are rendered when asked for. Parameters of statements: $1 the
/// frontier's pg_snapshot, $2 xid8[] own transactions consumed, one a source, $3 timestamptz clock of the frontier.
/// </summary>
public abstract class CompiledPlan
{
    private protected CompiledPlan(PlanMode mode, CompileError? fallback)
    {
        Mode = mode;
        Fallback = fallback;
    }

    /// <summary>How the stream table is maintained.</summary>
    public PlanMode Mode { get; }

    /// <summary>Why the mode is <see cref="PlanMode.Full"/> though FULL was not asked for; null if it is not.</summary>
    public CompileError? Fallback { get; }

    /// <summary>
    /// The sources by ordinal. A plan of mode Full lists them, too, with all columns that the query may read: their changes tell that there is work to do.
    /// Relations whose changes cannot be captured (materialised views, foreign tables) are not among them.
    /// </summary>
    public abstract IReadOnlyList<PlanSource> Sources { get; }

    /// <summary>Relations that are read, but whose changes cannot be captured: a plan with any is always due.</summary>
    public abstract IReadOnlyList<RelationInfo> UntrackedSources { get; }

    /// <summary>Hidden columns and index.</summary>
    public abstract StreamTableShape Shape { get; }

    /// <summary>A boolean expression over $3 that tells whether any expression of the clock has another value than at the frontier; null if the query has none.</summary>
    public abstract string? ClockMoved { get; }

    /// <summary>The mask's bit that stands for the clock; 0 if the query has none.</summary>
    public abstract long ClockBit { get; }

    /// <summary>DDL that gives the new, empty stream table its shape, to run as its owner.</summary>
    public abstract IReadOnlyList<string> Setup(PlanNames names);

    /// <summary>Fills the empty table.</summary>
    public abstract IReadOnlyList<string> Fill(PlanNames names);

    /// <summary>Evaluates the query and applies the difference to whatever the table holds. Needs no parameter.</summary>
    public abstract IReadOnlyList<string> Full(PlanNames names, ApplyStrategy strategy = ApplyStrategy.Merge);

    /// <summary>Applies the changes of the sources in <paramref name="mask"/>; empty for mask 0.</summary>
    /// <param name="names">The names.</param>
    /// <param name="mask">Bit per source ordinal, and <see cref="ClockBit"/>.</param>
    /// <param name="strategy">How to apply.</param>
    /// <exception cref="InvalidOperationException">The plan's mode is Full.</exception>
    public abstract IReadOnlyList<string> Delta(PlanNames names, long mask, ApplyStrategy strategy = ApplyStrategy.Merge);

    /// <summary>A stage as stable indented text.</summary>
    public abstract string Explain(ExplainStage stage, PlanNames? names = null, long? mask = null);
}
