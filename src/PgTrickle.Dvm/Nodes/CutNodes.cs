using System.Globalization;
using PgTrickle.Dvm.Apply;
using PgTrickle.Dvm.Binding;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Nodes;

/// <summary>
/// Takes parts of a tree out of it, each of which becomes a node: a table that keeps the result of the part, from which what stands above reads it. Cut is at an operator with state
/// below the root, recursion included, if something above reads all of its rows, or if it is one partition, or a grouping that is maintained by adding changes up: then its input is never read
/// again; or if what its query leaves open can't be settled, so that only what is stored tells the former answer. Others are computed on the fly, for the partitions that a delta touches. Parts that are the same are one node.
/// </summary>
internal sealed class CutNodes
{
    private readonly List<PlanNode> _nodes = [];
    private readonly Dictionary<string, int> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<ColumnReference, SqlExpression> _moved = [];
    private readonly Operator _tree;
    private readonly Operator? _root;
    private readonly FunctionCatalog _functions;
    private int _scans;

    private CutNodes(Operator tree, FunctionCatalog functions)
    {
        _tree = tree;
        _root = KeptRoot(tree);
        _functions = functions;
    }

    /// <summary>The nodes, each after those that it reads, and what is left of the tree.</summary>
    /// <param name="tree">A tree that all passes have gone over.</param>
    /// <param name="functions">The functions of the query and of the views in it.</param>
    /// <exception cref="CompileException">A part can't be maintained.</exception>
    public static (IReadOnlyList<PlanNode> Nodes, Operator Tree) Of(Operator tree, FunctionCatalog functions)
    {
        var cut = new CutNodes(tree, functions);
        var rest = cut.Visit(tree, isRead: false, isGrouped: false);
        return (cut._nodes, rest);
    }

    /// <summary>The operator whose state the stream table itself keeps: the one at the top, below conditions only if it has to be read again anyway.</summary>
    private static Operator? KeptRoot(Operator tree)
    {
        var top = tree is Project project ? project.Input : tree;
        var source = top;
        while (source is Filter or Repeat && !source.OwnExpressions().Any(ClockExpressions.ReadsClock))
        {
            source = source.Inputs[0];
        }

        return tree.OwnExpressions().Any(ClockExpressions.ReadsClock) ? null
            : source is Recursion { Linear: null } || (source is IPartitioned && (ReferenceEquals(source, top) || !AggregateState.IsAddedUp(source))) ? source
            : null;
    }

    /// <param name="source">The operator.</param>
    /// <param name="isRead">Whether something above reads all rows of it, or some by other columns than its partitions'.</param>
    /// <param name="isGrouped">Whether a grouping is the next above that takes columns for what they are called.</param>
    private Operator Visit(Operator source, bool isRead, bool isGrouped)
    {
        var isNode = !ReferenceEquals(source, _root) && IsNode(source, isRead);
        var readsInput = source switch
        {
            Filter or Project or UnionAll or Repeat => isRead,
            Aggregate when isNode || ReferenceEquals(source, _root) => !AggregateState.IsAddedUp(source) || NeedsRows((Aggregate)source),
            _ => true,
        };
        var groupsInput = source is Aggregate || (isGrouped && source is Filter or Operators.Join { Type: JoinType.Inner } or Match);
        var inputs = source.Inputs.Select(i => Visit(i, readsInput, groupsInput)).ToSyntaxList();
        if (isGrouped && source is Operators.Join { Type: JoinType.Inner } join && ComparedSide(join, inputs) is { } side)
        {
            var scan = TakeOut(join.Inputs[side], inputs[side], ColumnsFor(join.Inputs[side], inputs[side]));
            inputs = side == 0 ? [scan, inputs[1]] : [inputs[0], scan];
        }

        var rest = inputs.Zip(source.Inputs).All(static p => ReferenceEquals(p.First, p.Second)) ? source : source.WithInputs(inputs);
        var resolved = _moved.Count == 0 ? rest : rest.MapExpressions(e => e.Substitute(_moved));
        return isNode ? TakeOut(source, resolved, Enumerable.Range(0, source.Columns.Count)) : resolved;
    }

    /// <summary>
    /// The side of a join whose rows are compared by order with the one row of the other, a node. When that row changes, the rows between its old and its new value change sides: kept as a node that
    /// has an index on what is compared they are found at once, while to find them in the tables may be to read all. Only rows that conditions have chosen, and of which a grouping takes a few columns.
    /// </summary>
    private int? ComparedSide(Operators.Join join, SyntaxList<Operator> inputs)
    {
        bool IsCompared(int others, int row) => inputs[row] is Scan { Node: not null }
            && inputs[others].DescendantsAndSelf().Any(static o => o is Match or Filter)
            && SingleRowDelta.ComparisonOf(join.Inputs[others], join.Inputs[row], join.Predicate) is { } comparison
            && new[] { comparison.Left, comparison.Right }.OfType<ColumnReference>().FirstOrDefault(join.Inputs[others].ColumnSet().Contains) is { } value
            && !LeadsKey(join.Inputs[others], value)
            && !Above(join).Overlaps(join.Inputs[row].ColumnSet())
            && inputs[others].FreeReferences().Count == 0
            && !MayYieldRecords(join.Inputs[others])
            && SettledState.IsPossible(inputs[others]);
        return IsCompared(0, 1) ? 0 : IsCompared(1, 0) ? 1 : null;
    }

    /// <summary>Whether a table has an index that begins with a column, as far as is known.</summary>
    private static bool LeadsKey(Operator source, ColumnReference column) => source.DescendantsAndSelf().OfType<Scan>()
        .Any(s => s.Alias.Equals(column.Relation) && s.Relation.UniqueKeys.Any(k => k.Count > 0 && k[0] == column.Name));

    /// <summary>The columns that are needed above an operator.</summary>
    private HashSet<ColumnReference> Above(Operator source)
    {
        var below = source.DescendantsAndSelf().ToHashSet<Operator>(ReferenceEqualityComparer.Instance);
        return _tree.DescendantsAndSelf().Where(o => !below.Contains(o)).SelectMany(static o => o.OwnExpressions()).SelectMany(static e => e.References()).ToHashSet();
    }

    /// <summary>The places of the columns that are needed above, and of a key.</summary>
    private List<int> ColumnsFor(Operator source, Operator resolved)
    {
        var above = Above(source);
        var key = KeyInference.Keys(resolved).FirstOrDefault();
        return Enumerable.Range(0, source.Columns.Count)
            .Where(i => above.Contains(source.Columns[i].Reference) || (key is not null && Resolved(source, resolved, i) is { } column && key.Contains(column.Reference))).ToList();
    }

    /// <summary>What a column has become in the tree in which nodes stand for parts: a scan of a node may have fewer columns than the part had. Null if nothing above needs it, so that it is gone.</summary>
    private BoundColumn? Resolved(Operator source, Operator resolved, int place)
    {
        var reference = source.Columns[place].Reference;
        var now = _moved.GetValueOrDefault(reference) as ColumnReference ?? reference;
        return resolved.Columns.FirstOrDefault(c => c.Reference == now);
    }

    private bool IsNode(Operator source, bool isRead)
        => (source is Recursion || (source is IPartitioned partitioned
            && (isRead || partitioned.PartitionKeys.IsEmpty || AggregateState.IsAddedUp(source) || !SettledState.IsPossible(source))
            && partitioned.PartitionKeys.All(static k => k.Type is not null)))
        && !source.Columns.IsEmpty
        && !MayYieldRecords(source)
        && source.DescendantsAndSelf().OfType<Scan>().Any()
        && source.FreeReferences().Count == 0;

    /// <summary>
    /// Whether a column may be of type record or an array of it, which no table can have: rows made by ROW(...) or by functions, what is gathered of them, and what SEARCH and CYCLE keep of the way.
    /// </summary>
    private bool MayYieldRecords(Operator source) => source.Columns.Any(static c => c.Type is null)
        && source.DescendantsAndSelf().SelectMany(static o => o is Recursion recursion ? recursion.Text.DescendantsAndSelf() : o.OwnExpressions().SelectMany(static e => e.DescendantsAndSelf()))
            .Any(n => n is RowConstructor or WholeRowReference or CommonTableExpression { Search: not null } or CommonTableExpression { Cycle: not null }
                || (n is FunctionCall call && _functions.ReturnsRecord(call)));

    /// <summary>Whether changes may make it necessary to read groups again.</summary>
    private static bool NeedsRows(Aggregate aggregate) => AggregateState.Of(aggregate, [])!.Slots.Any(static s => s.MayRescan);

    /// <summary>A scan of the node in place of the operator.</summary>
    private Scan TakeOut(Operator source, Operator resolved, IEnumerable<int> places)
    {
        var kept = places.ToList();
        var outputs = kept.Select(p => Resolved(source, resolved, p)!).Select(static (c, i) => new ComputedColumn(NameSource.ColumnName(i), c.Reference, c.Type, c.NotNull)).ToSyntaxList();
        var project = new Project("result", resolved, outputs);
        var text = CanonicalText.Of(project);
        if (!_known.TryGetValue(text, out var number))
        {
            number = _nodes.Count;
            _known.Add(text, number);
            project = resolved is Recursion { Linear: { } terms } recursion ? project with { Input = recursion with { Linear = terms.OfNode(number) } } : project;
            var columns = project.Outputs.Select(static o => new OutputColumn(o.Name, o.Type ?? TypeInfo.Unknown)).ToSyntaxList();
            _nodes.Add(PlanNode.Of(number, RootRules.OfNode(project, columns)));
        }

        var scan = new Scan(RelationNames.Of("node", ++_scans), Relation(number, project)) { Node = number };
        foreach (var (place, now) in kept.Zip(scan.Columns))
        {
            _moved[source.Columns[place].Reference] = now.Reference;
        }

        return scan;
    }

    private static RelationInfo Relation(int number, Project project)
    {
        var columns = project.Columns.Select(static (c, i) => new ColumnInfo((short)(i + 1), c.Name, c.Type ?? TypeInfo.Unknown, c.NotNull)).ToSyntaxList();
        var name = new QualifiedName(new SqlIdentifier(string.Create(CultureInfo.InvariantCulture, $"node_{number + 1}")));
        return new RelationInfo(0, name, RelationKind.Table, columns)
        {
            // As for any operator, and unlike those of tables, NULLs in them count as equal to each other.
            UniqueKeys = KeyInference.Keys(project).Select(static k => k.Select(static c => c.Name).ToSyntaxList()).ToSyntaxList(),
        };
    }
}
