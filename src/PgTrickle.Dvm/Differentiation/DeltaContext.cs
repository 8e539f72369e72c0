using System.Collections.Immutable;
using System.Globalization;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>
/// A statement's WITH queries as they come up: the consolidated changes of each source, deltas of inner joins that the next level uses more than once.
/// </summary>
internal sealed class DeltaContext
{
    private static readonly SqlIdentifier Buffer = new("b");

    private readonly Dictionary<(uint Oid, bool IsAlone), PlanSource> _sources;
    private readonly PlanNames _names;
    private readonly List<CommonTableExpression> _tables = [];
    private readonly Dictionary<(int Source, SyntaxList<SqlIdentifier> Columns, SyntaxList<SqlExpression> Conditions), SqlIdentifier> _captured = [];
    private readonly HashSet<(uint Oid, bool IsAlone)> _readOnce;
    private readonly HashSet<int> _readNodes = [];
    private readonly HashSet<ColumnReference> _joined;
    private readonly IReadOnlySet<int> _changedNodes;
    private readonly bool _raw;

    /// <param name="sources">The plan's sources.</param>
    /// <param name="names">Where their changes are.</param>
    /// <param name="mask">The sources that changed.</param>
    /// <param name="clockBit">The clock's bit, or 0.</param>
    /// <param name="changedNodes">The nodes that changed.</param>
    /// <param name="tree">What the statement maintains.</param>
    /// <param name="raw">
    /// Whether changes may be used as they were captured, with rows of intermediate states: only if nothing is joined, no expression is likely to fail, and the result is
    /// consolidated or summed anyway.
    /// </param>
    public DeltaContext(IReadOnlyList<PlanSource> sources, PlanNames names, long mask, long clockBit, IReadOnlySet<int> changedNodes, Operator tree, bool raw)
    {
        _sources = sources.ToDictionary(static s => s.Relation.Captured);
        _readOnce = tree.DescendantsAndSelf().OfType<Scan>().Where(static s => s.Node is null).GroupBy(static s => s.Relation.Captured)
            .Where(static g => g.Count() == 1).Select(static g => g.Key).ToHashSet();
        _joined = tree.DescendantsAndSelf().OfType<Join>().SelectMany(static j => j.Predicate.References()).ToHashSet();
        _names = names;
        _changedNodes = changedNodes;
        _raw = raw;
        Mask = mask;
        ClockMoved = (mask & clockBit) != 0;
        Present = StateReader.Present(Names, names);
    }

    public NameSource Names { get; } = new();

    public long Mask { get; }

    /// <summary>Whether the clock is among the sources that changed.</summary>
    public bool ClockMoved { get; }

    /// <summary>Reads N.</summary>
    public StateReader Present { get; }

    /// <summary>The WITH queries so far.</summary>
    public IReadOnlyList<CommonTableExpression> Tables => _tables;

    public bool IsChanged(Scan scan) => scan.Node is { } node ? _changedNodes.Contains(node) : (Mask & (1L << _sources[scan.Relation.Captured].Ordinal)) != 0;

    /// <summary>D of a table, under the table's own alias and column names.</summary>
    public Fragment Changes(Scan scan, IReadOnlySet<ColumnReference> required) => Changes(scan, [], required);

    /// <summary>
    /// D of those rows of a table that satisfy all conditions. Conditions that can't fail are put to the changes as they were captured, and columns that nobody asks for stay behind: what
    /// is left costs less to add up, and more of it cancels out. Not where a table is read twice, whose changes are added up once for all.
    /// </summary>
    /// <param name="scan">The table.</param>
    /// <param name="conditions">Conditions over its columns alone.</param>
    /// <param name="required">The columns that are needed above.</param>
    public Fragment Changes(Scan scan, IReadOnlyList<SqlExpression> conditions, IReadOnlySet<ColumnReference> required)
    {
        var weight = WeightName(ColumnsOf(scan));
        var isRaw = _raw && scan.Node is null;
        if (!isRaw && (scan.Node is not null || !_readOnce.Contains(scan.Relation.Captured)))
        {
            return Filtered(Fragment.Of(Table(ChangesOf(scan), scan.Alias), Column(scan.Alias, weight)), conditions);
        }

        var early = conditions.Where(ExpressionSafety.CannotFail).ToSyntaxList();
        var unaliased = early.Select(static c => c.Rewrite(static n => n is ColumnReference column ? CapturedChanges.Of(column.Name) : n)).ToSyntaxList();
        var late = conditions.Except(early).ToList();
        if (isRaw)
        {
            var rows = CapturedChanges.Raw(_names, _sources[scan.Relation.Captured], unaliased, weight);
            return Filtered(Fragment.Of(Derived(rows, scan.Alias), Column(scan.Alias, weight)), late);
        }

        var used = required.Concat(late.SelectMany(static c => c.References())).Where(c => c.Relation == scan.Alias).Select(static c => c.Name).ToHashSet();
        var columns = _sources[scan.Relation.Captured].Columns.Where(c => used.Contains(c.Name)).ToSyntaxList();
        return Filtered(Fragment.Of(Table(Captured(scan, columns, unaliased), scan.Alias), Column(scan.Alias, weight)), late);
    }

    private static Fragment Filtered(Fragment rows, IReadOnlyList<SqlExpression> conditions) => conditions.Count == 0 ? rows : rows.Filtered(And(conditions));

    /// <summary>The WITH query that holds the consolidated changes of a table, with all of its columns and the weight.</summary>
    public SqlIdentifier ChangesOf(Scan scan)
    {
        if (scan.Node is { } node)
        {
            var changes = new SqlIdentifier($"delta_{LabelOf(scan)}");
            if (_readNodes.Add(node))
            {
                Add(changes, Noted(scan, node));
            }

            return changes;
        }

        return Captured(scan, _sources[scan.Relation.Captured].Columns, []);
    }

    private SqlIdentifier Captured(Scan scan, SyntaxList<ColumnInfo> columns, SyntaxList<SqlExpression> conditions)
    {
        var source = _sources[scan.Relation.Captured];
        var key = (source.Ordinal, columns.Select(static c => c.Name).ToSyntaxList(), conditions);
        if (!_captured.TryGetValue(key, out var name))
        {
            name = new SqlIdentifier($"delta_{LabelOf(scan)}");
            if (_captured.ContainsValue(name))
            {
                name = Names.Next($"delta_{LabelOf(scan)}_");
            }

            var changes = CapturedChanges.Consolidated(_names, source, columns, conditions, WeightName(source.Columns));
            Add(name, changes.AsQuery() with { OrderBy = ByKey(scan, columns) });
            _captured.Add(key, name);
        }

        return name;
    }

    /// <summary>
    /// The order of changes of a table with a key of one column that is joined by it: rows that refer to neighbours mostly lie together, and are looked up faster one after the other.
    /// </summary>
    private SyntaxList<OrderItem> ByKey(Scan scan, SyntaxList<ColumnInfo> columns)
    {
        var key = KeyInference.Keys(scan).FirstOrDefault(k => k.Count == 1 && _joined.IsSupersetOf(k))?.Single();
        return columns.FirstOrDefault(c => c.Name == key?.Name && c.Type.IsOrdered) is { } column ? [OrderBy(Column(column.Name))] : [];
    }

    /// <summary>What names that go with a table end in.</summary>
    public string LabelOf(Scan scan) => scan.Node is { } node
        ? string.Create(CultureInfo.InvariantCulture, $"node_{node + 1}")
        : (_sources[scan.Relation.Captured].Ordinal + 1).ToString(CultureInfo.InvariantCulture);

    /// <summary>The columns of a table whose changes are known.</summary>
    public SyntaxList<ColumnInfo> ColumnsOf(Scan scan) => scan.Node is null ? _sources[scan.Relation.Captured].Columns : scan.Relation.Columns;

    /// <summary>The table that a scan reads.</summary>
    public TableReference TableOf(Scan scan, SqlIdentifier alias) => StateReader.TableOf(scan, _names, alias);

    /// <summary>The weight's name beside columns.</summary>
    public static SqlIdentifier WeightName(SyntaxList<ColumnInfo> columns)
    {
        var name = Consolidation.Weight;
        while (columns.Any(c => c.Name == name))
        {
            name = new SqlIdentifier(name.Value + "_");
        }

        return name;
    }

    public void Add(SqlIdentifier name, Query query, bool? materialized = true) => _tables.Add(Cte(name, query, materialized));

    /// <summary>What the statement before has noted of a node's changes: rows of states, each once.</summary>
    private Query Noted(Scan scan, int node)
    {
        var columns = scan.Relation.Columns.Select(static c => Column(Buffer, c.Name).As(c.Name));
        var body = Select([.. columns, Consolidation.AsBigInteger(Column(Buffer, _names.WeightColumn)).As(Consolidation.Weight)]) with { From = [Table(_names.NodeChanges(node), Buffer)] };
        return body.AsQuery() with { Limit = NumberFrom(PlanSettings.OfNode(node)) };
    }

    /// <summary>PostgreSQL evaluates a stable LIMIT when it plans, and takes it for the number of rows.</summary>
    public static SqlExpression NumberFrom(string setting)
        => Consolidation.AsBigInteger(new ConditionalFunction(ConditionalKind.NullIf, [Call("current_setting", String(setting), True), String("")]));

    /// <summary>
    /// A LIMIT whose value PostgreSQL does not know when it plans: it expects a tenth of the rows. Of a recursion it expects ten times what one round yields, and would rather read whole tables
    /// than look for the rows of a few.
    /// </summary>
    public static SqlExpression Unforeseen(long most) => Scalar(Select(Integer(most).As("most")).AsQuery());

    /// <summary>
    /// Whether fragments are likely to hold rows that cancel: a node's change is a row that goes and one that comes, and where the columns in which they differ are not needed,
    /// what is joined with them is the same rows again.
    /// </summary>
    public bool MayCancel(Operator source, IReadOnlySet<ColumnReference> required) => source is not Scan
        && source.DescendantsAndSelf().OfType<Scan>().Any(s => s.Node is not null && IsChanged(s) && s.Columns.Any(c => !required.Contains(c.Reference)));

    /// <summary>The sum of fragments as one that can be used any number of times; nothing is copied if it is one table already.</summary>
    public Fragment Materialise(Operator source, IReadOnlyList<Fragment> fragments, IReadOnlySet<ColumnReference> required)
    {
        if (fragments is [{ From: TableReference { Name.Schema: null } } single])
        {
            return single;
        }

        // Where both sides of a join changed, what came on both is found by each term, and goes into the next join once if it is added up before.
        if (fragments.Count > 2 || MayCancel(source, required))
        {
            return Consolidated(source, fragments, required);
        }

        var table = Names.Next("pair_");
        var columns = source.Columns.Where(c => required.Contains(c.Reference)).ToList();
        var references = columns.ConvertAll(static c => c.Reference);
        Add(table, AtLeast(UnionAll(fragments.Select(f => SelectWeighted(f, references))), columns.Select(static c => c.Type), weighted: true, source));
        return Reference(table, references);
    }

    /// <summary>The same with rows of several terms added up: for where each row is looked at by itself, and what cancels need not be.</summary>
    public Fragment Consolidate(Operator source, IReadOnlyList<Fragment> fragments, IReadOnlySet<ColumnReference> required)
        => fragments.Count == 1 ? Materialise(source, fragments, required) : Consolidated(source, fragments, required);

    private Fragment Consolidated(Operator source, IReadOnlyList<Fragment> fragments, IReadOnlySet<ColumnReference> required)
    {
        var table = Names.Next("pair_");
        var rows = Names.Next("r");
        var columns = source.Columns.Where(c => required.Contains(c.Reference)).ToList();
        var references = columns.ConvertAll(static c => c.Reference);
        var terms = Derived(UnionAll(fragments.Select(f => SelectWeighted(f, references))).AsQuery(), rows);
        Add(table, AtLeast(Consolidation.Select(terms, rows, [.. columns.Select(static (c, i) => new ImageColumn(NameSource.ColumnName(i), c.Type))]), columns.Select(static c => c.Type), weighted: true, source));
        return Reference(table, references);
    }

    /// <summary>Rows of which the planner expects some, if something changed in what they come from.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="types">The types of their columns.</param>
    /// <param name="weighted">Whether a weight is the last column.</param>
    /// <param name="source">What they come from.</param>
    public Query AtLeast(QueryBody rows, IEnumerable<TypeInfo?> types, bool weighted, Operator source)
        => LeastRows.Of(rows, [.. types], weighted, [.. source.DescendantsAndSelf().OfType<Scan>().Where(IsChanged).Select(SettingOf).Distinct()]).AsQuery();

    private string SettingOf(Scan scan)
        => scan.Node is { } node ? PlanSettings.OfNode(node) : PlanSettings.OfSource(_sources[scan.Relation.Captured].Ordinal);

    /// <summary>A reference to a table made by <see cref="SelectWeighted"/>.</summary>
    public Fragment Reference(SqlIdentifier table, IReadOnlyList<ColumnReference> columns)
    {
        var alias = Names.Next("d");
        return Fragment.Of(Table(table, alias), Column(alias, Consolidation.Weight)) with { Columns = Renaming(columns, alias) };
    }

    public static ImmutableDictionary<ColumnReference, SqlExpression> Renaming(IReadOnlyList<ColumnReference> columns, SqlIdentifier alias)
        => columns.Select((c, i) => KeyValuePair.Create(c, (SqlExpression)Column(alias, NameSource.ColumnName(i)))).ToImmutableDictionary();

    /// <summary>A SELECT of columns as c1, c2 ... and the weight.</summary>
    public static SelectBody SelectWeighted(Fragment fragment, IEnumerable<SqlExpression> columns) => fragment.Select(
        columns.Select((c, i) => fragment.Resolve(c).As(NameSource.ColumnName(i))).Append((fragment.Weight ?? Consolidation.AsBigInteger(Integer(1))).As(Consolidation.Weight)));
}
