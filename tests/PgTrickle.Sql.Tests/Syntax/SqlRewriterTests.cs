using PgTrickle.Sql.Printing;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Sql.Tests.Syntax;

public class SqlRewriterTests
{
    public static TheoryData<string> Kinds => [.. NodeSamples.Kinds.Select(kind => kind.Name)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Children_are_all_parts_that_are_nodes(string kind)
    {
        var node = Sample(kind, out _);
        Assert.Equal(
            NodeSamples.Parts(node).ToHashSet<object>(ReferenceEqualityComparer.Instance),
            node.Children.ToHashSet<object>(ReferenceEqualityComparer.Instance));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Rewrite_that_changes_nothing_returns_the_same_reference(string kind)
    {
        var node = Sample(kind, out _);
        Assert.Same(node, node.Rewrite(n => n));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_child_can_be_replaced_and_only_that_one_is(string kind)
    {
        var node = Sample(kind, out var samples);
        foreach (var (index, child) in node.Children.Index())
        {
            var other = samples.Other(child);
            var rewritten = node.Rewrite(n => ReferenceEquals(n, child) ? other : n);
            var expected = node.Children.ToArray();
            expected[index] = other;
            Assert.Equal(expected, rewritten.Children, ReferenceEqualityComparer.Instance);
            Assert.Equal(node.GetType(), rewritten.GetType());
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_of_node_is_printed_with_all_its_children(string kind)
    {
        var node = Sample(kind, out _);
        var text = SqlPrinter.Print(node);
        foreach (var leaf in node.DescendantsAndSelf().Skip(1).Where(n => n.Children.Count == 0))
        {
            Assert.Contains(SqlPrinter.Print(leaf), text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Equality_is_by_structure(string kind)
    {
        var node = Sample(kind, out _);
        var again = Sample(kind, out var samples);
        Assert.NotSame(node, again);
        Assert.Equal(node, again);
        Assert.Equal(node.GetHashCode(), again.GetHashCode());
        if (node.Children is [var child, ..] && samples.Other(child) is var other && !other.Equals(child))
        {
            Assert.NotEqual(node, node.Rewrite(n => ReferenceEquals(n, child) ? other : n));
        }
    }

    [Fact]
    public void Rewriter_goes_from_the_leaves_up()
    {
        var seen = new List<string>();
        Add(Column("t", "a"), Multiply(Column("t", "b"), Integer(2))).Rewrite(n =>
        {
            seen.Add(n.ToString());
            return n;
        });
        Assert.Equal(["t.a", "t.b", "2", "t.b * 2", "t.a + (t.b * 2)"], seen);
    }

    [Fact]
    public void Replaced_columns_leave_untouched_branches_alone()
    {
        var untouched = Eq(Column("u", "x"), Integer(1));
        var condition = new LogicalExpression(LogicalKind.And, [Eq(Column("t", "x"), Integer(2)), untouched]);
        var rewritten = condition.Rewrite(n => n is ColumnReference { Relation.Value: "t" } c ? c with { Relation = "d" } : n);
        Assert.Equal("d.x = 2 AND u.x = 1", rewritten.ToString());
        Assert.Same(untouched, rewritten.Operands[1]);
    }

    [Fact]
    public void Rewriter_can_stay_out_of_subqueries()
    {
        var query = Select(new SelectTarget(Column("t", "a"))).AsQuery();
        var expression = And(Eq(Column("t", "a"), Integer(1)), Exists(query));
        var rewritten = (LogicalExpression)new OuterColumns().Visit(expression);
        Assert.Equal("renamed.a = 1 AND EXISTS (SELECT t.a)", rewritten.ToString());
        Assert.Same(((LogicalExpression)expression).Operands[1], rewritten.Operands[1]);
    }

    [Fact]
    public void Node_that_fits_nowhere_is_refused()
        => Assert.Throws<InvalidOperationException>(() => Not(True).Rewrite(n => n is Literal ? new MergeDelete() : n));

    [Fact]
    public void Descendants_come_in_the_order_of_the_text()
        => Assert.Equal(["a", "b", "c"], CanonicalSql.ParseExpression("(a + f(b)) > c").DescendantsAndSelf().OfType<ColumnReference>().Select(c => c.Name.Value));

    private static SqlNode Sample(string kind, out NodeSamples samples)
    {
        samples = new NodeSamples();
        return samples.Full(NodeSamples.Kinds.Single(k => k.Name == kind));
    }

    private sealed class OuterColumns : SqlRewriter
    {
        protected override SqlNode VisitNode(SqlNode node) => node is Query ? node : base.VisitNode(node);

        protected override SqlNode Leave(SqlNode node) => node is ColumnReference column ? column with { Relation = "renamed" } : node;
    }
}
