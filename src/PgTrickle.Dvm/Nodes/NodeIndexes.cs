using PgTrickle.Dvm.Apply;
using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Nodes;

/// <summary>
/// Indexes by which rows of a node are found from what stands above it: one for each set of its columns that a condition equates with something else, or by which partitions
/// are told apart, unless it is found by its key then; and on each column that is compared by order with the one row of another node.
/// </summary>
internal static class NodeIndexes
{
    /// <summary>The indexes of a node; the table is to be filled in.</summary>
    public static IReadOnlyList<CreateIndexStatement> Of(PlanNode node, IEnumerable<PlanNode> all)
    {
        var identity = node.Rule.Result.Identity;
        var known = identity.Kind == IdentityKind.Key ? identity.Columns.Select(i => node.Rule.Result.Columns[i].Name).ToHashSet() : [];
        var keys = new List<SyntaxList<SqlIdentifier>>();
        foreach (var columns in all.SelectMany(static n => n.Rule.Reads).SelectMany(t => Lookups(t, node.Number!.Value)))
        {
            var isKnown = known.Count > 0 && columns.IsSupersetOf(known);
            if (identity.Kind != IdentityKind.SingleRow && !isKnown && !keys.Exists(k => k.ToHashSet().SetEquals(columns)))
            {
                keys.Add(columns.OrderBy(static c => c.Value, StringComparer.Ordinal).ToSyntaxList());
            }
        }

        var compared = all.SelectMany(static n => n.Rule.Reads).SelectMany(t => Compared(t, node.Number!.Value)).Select(name => node.Rule.Result.Columns.First(c => c.Name == name))
            .Where(c => c.Type is { IsBounded: true, IsOrdered: true } && (identity.Kind != IdentityKind.Key || node.Rule.Result.Columns[identity.Columns[0]].Name != c.Name)).Select(static c => (SyntaxList<SqlIdentifier>)[c.Name]);
        return [.. keys.Concat(compared).Select(k => Index(node.Rule.Result, k)).OfType<CreateIndexStatement>().Distinct()];
    }

    /// <summary>The columns whose rows between the old and the new value of another node's one row are looked up.</summary>
    private static IEnumerable<SqlIdentifier> Compared(Operator tree, int node) => tree.DescendantsAndSelf().OfType<Operators.Join>()
        .SelectMany(static j => new[] { (Others: j.Left, Row: j.Right, j.Predicate), (Others: j.Right, Row: j.Left, j.Predicate) })
        .Where(p => p.Others is Scan scan && scan.Node == node && p.Row is Scan { Node: not null })
        .SelectMany(static p => SingleRowDelta.ComparisonOf(p.Others, p.Row, p.Predicate) is { } comparison
            ? new[] { comparison.Left, comparison.Right }.OfType<ColumnReference>().Where(c => p.Others.ColumnSet().Contains(c)).Select(static c => c.Name)
            : []);

    /// <summary>The sets of columns by which operators look rows of a node up.</summary>
    private static IEnumerable<HashSet<SqlIdentifier>> Lookups(Operator tree, int node)
    {
        var scans = tree.DescendantsAndSelf().OfType<Scan>().Where(s => s.Node == node).Select(static s => s.Alias).ToList();
        return tree.DescendantsAndSelf().SelectMany(o => scans.Select(s => Columns(o, s))).Where(static c => c.Count > 0);
    }

    private static HashSet<SqlIdentifier> Columns(Operator source, SqlIdentifier scan)
    {
        bool IsOf(SqlExpression e) => e is ColumnReference c && scan.Equals(c.Relation);
        bool IsOther(SqlExpression e) => e.References().Any() && !e.References().Any(c => scan.Equals(c.Relation));
        IEnumerable<SqlExpression> found = source switch
        {
            Operators.Join or Match or Dependent or Filter => source.OwnExpressions().SelectMany(static e => e.Conjuncts())
                .OfType<BinaryExpression>().Where(static e => e.Operator is { Schema: null, Symbol: "=" })
                .SelectMany(e => IsOf(e.Left) && IsOther(e.Right) ? [e.Left] : IsOf(e.Right) && IsOther(e.Left) ? new[] { e.Right } : []),
            IPartitioned partitioned => partitioned.PartitionKeys.Select(static k => k.Expression).Where(IsOf),
            _ => [],
        };
        return found.Select(static e => ((ColumnReference)e).Name).ToHashSet();
    }

    /// <summary>On all of the columns whose values fit into an index; if there are none, on the hash of one.</summary>
    private static CreateIndexStatement? Index(StoredResult result, SyntaxList<SqlIdentifier> columns)
    {
        var stored = columns.Select(name => result.Columns.First(c => c.Name == name)).ToList();
        var bounded = stored.FindAll(static c => c.Type is { IsBounded: true, IsOrdered: true }).Take(IdentityChoice.MostIndexColumns).ToList();
        var hashed = stored.Find(static c => c.Type.IsHashable);
        return bounded.Count > 0 ? new CreateIndexStatement("node", bounded.Select(static c => (SqlExpression)Column(c.Name)).ToSyntaxList(), Unique: false)
            : hashed is not null ? new CreateIndexStatement("node", [Column(hashed.Name)], Unique: false) { Hash = true }
            : null;
    }
}
