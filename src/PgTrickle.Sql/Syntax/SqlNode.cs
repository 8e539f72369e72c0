using PgTrickle.Sql.Printing;

namespace PgTrickle.Sql.Syntax;

/// <summary>
/// A node of the syntax tree. Nodes are immutable and equal when their structure is equal. The hierarchy is closed: only this assembly
/// adds kinds of nodes, so that the printer and every rewriter cover all of them.
/// </summary>
public abstract record SqlNode
{
    private protected SqlNode()
    {
    }

    /// <summary>The direct children, in the order in which they are printed, but for a few whose syntax interleaves them.</summary>
    public IReadOnlyList<SqlNode> Children => ChildCollector.Collect(this);

    /// <summary>This node and everything below it, parents before their children.</summary>
    public IEnumerable<SqlNode> DescendantsAndSelf()
    {
        var pending = new Stack<SqlNode>();
        pending.Push(this);
        while (pending.TryPop(out var node))
        {
            yield return node;
            var children = node.Children;
            for (var i = children.Count - 1; i >= 0; i--)
            {
                pending.Push(children[i]);
            }
        }
    }

    /// <summary>The SQL text of this node, on one line.</summary>
    public sealed override string ToString() => SqlPrinter.Print(this);

    /// <summary>This node with each child replaced by what <paramref name="rewriter"/> makes of it; this very node if nothing changed.</summary>
    internal abstract SqlNode RewriteChildren(SqlRewriter rewriter);
}

/// <summary>Anything that yields a value: what may stand in a select list, a predicate or an argument.</summary>
public abstract record SqlExpression : SqlNode;

/// <summary>Anything that may stand in FROM.</summary>
public abstract record FromItem : SqlNode;

/// <summary>A statement: a <see cref="Query"/> or a data-modifying statement.</summary>
public abstract record SqlStatement : SqlNode;
