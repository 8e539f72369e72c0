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
    private readonly Operator? _root;
    private int _scans;

    private readonly FunctionCatalog _functions;

    private CutNodes(Operator? root, FunctionCatalog functions)
    {
        _root = root;
        _functions = functions;
    }

    /// <summary>The nodes, each after those that it reads, and what is left of the tree.</summary>
    /// <param name="tree">A tree that all passes have gone over.</param>
    /// <param name="functions">The functions of the query and of the views in it.</param>
    /// <exception cref="CompileException">A part can't be maintained.</exception>
    public static (IReadOnlyList<PlanNode> Nodes, Operator Tree) Of(Operator tree, FunctionCatalog functions)
    {
        var cut = new CutNodes(KeptRoot(tree), functions);
        var rest = cut.Visit(tree, isRead: false);
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
    private Operator Visit(Operator source, bool isRead)
    {
        var isNode = !ReferenceEquals(source, _root) && IsNode(source, isRead);
        var readsInput = source switch
        {
            Filter or Project or UnionAll or Repeat => isRead,
            Aggregate when isNode || ReferenceEquals(source, _root) => !AggregateState.IsAddedUp(source) || NeedsRows((Aggregate)source),
            _ => true,
        };
        var inputs = source.Inputs.Select(i => Visit(i, readsInput)).ToSyntaxList();
        var rest = inputs.Zip(source.Inputs).All(static p => ReferenceEquals(p.First, p.Second)) ? source : source.WithInputs(inputs);
        var resolved = _moved.Count == 0 ? rest : rest.MapExpressions(e => e.Substitute(_moved));
        return isNode ? TakeOut(source, resolved) : resolved;
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
    private Scan TakeOut(Operator source, Operator resolved)
    {
        var outputs = resolved.Columns.Select(static (c, i) => new ComputedColumn(NameSource.ColumnName(i), c.Reference, c.Type, c.NotNull)).ToSyntaxList();
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

        var scan = new Scan(RelationNames.Of("node", ++_scans), Relation(number, project), Only: false) { Node = number };
        foreach (var (old, now) in source.Columns.Zip(scan.Columns))
        {
            _moved[old.Reference] = now.Reference;
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
