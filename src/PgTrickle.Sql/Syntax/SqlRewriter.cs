using System.Diagnostics.CodeAnalysis;

namespace PgTrickle.Sql.Syntax;

/// <summary>
/// Rewrites a tree from the leaves up. A rewrite that changes nothing returns the same references. Override <see cref="Leave"/> to replace
/// nodes whose children are done, <see cref="VisitNode"/> to keep the rewriter out of a subtree.
/// </summary>
public abstract class SqlRewriter
{
    /// <summary>The rewritten <paramref name="node"/>; null stays null.</summary>
    /// <exception cref="InvalidOperationException">The node was replaced by one that can't stand in its place.</exception>
    [return: NotNullIfNotNull(nameof(node))]
    public T? Visit<T>(T? node)
        where T : SqlNode
    {
        if (node is null)
        {
            return null;
        }

        return VisitNode(node) is var result && result is T typed
            ? typed
            : throw new InvalidOperationException($"A {node.GetType().Name} was replaced by a {result.GetType().Name}, but a {typeof(T).Name} is needed there.");
    }

    /// <summary>The rewritten <paramref name="nodes"/>; the same list if no element changed.</summary>
    public SyntaxList<T> Visit<T>(SyntaxList<T> nodes)
        where T : SqlNode
    {
        T[]? changed = null;
        for (var i = 0; i < nodes.Count; i++)
        {
            var result = Visit(nodes[i]);
            if (changed is null && !ReferenceEquals(result, nodes[i]))
            {
                changed = [.. nodes];
            }

            if (changed is not null)
            {
                changed[i] = result;
            }
        }

        return changed is null ? nodes : new SyntaxList<T>(changed);
    }

    /// <summary>Rewrites the children of <paramref name="node"/>, then calls <see cref="Leave"/>.</summary>
    protected virtual SqlNode VisitNode(SqlNode node) => Leave(node.RewriteChildren(this));

    /// <summary>Replaces a node whose children have been rewritten already; by default keeps it.</summary>
    protected virtual SqlNode Leave(SqlNode node) => node;

    /// <summary>Runs <paramref name="rebuild"/> and drops its result if no child changed.</summary>
    internal T Rebuild<T>(T node, Func<T, ChildRewriter, T> rebuild)
        where T : SqlNode
    {
        var children = new ChildRewriter(this);
        var result = rebuild(node, children);
        return children.Changed ? result : node;
    }
}

/// <summary>Rewrites the children of one node and notices whether any of them changed.</summary>
internal sealed class ChildRewriter(SqlRewriter rewriter)
{
    public bool Changed { get; private set; }

    [return: NotNullIfNotNull(nameof(child))]
    public T? Visit<T>(T? child)
        where T : SqlNode
    {
        var result = rewriter.Visit(child);
        Changed |= !ReferenceEquals(result, child);
        return result;
    }

    public SyntaxList<T> Visit<T>(SyntaxList<T> children)
        where T : SqlNode
    {
        var result = rewriter.Visit(children);
        Changed |= !result.IsSame(children);
        return result;
    }
}

/// <summary>Lists children by way of the rewriting methods, so that walking and rewriting can't disagree on what the children are.</summary>
internal sealed class ChildCollector : SqlRewriter
{
    private readonly List<SqlNode> _children = [];

    public static IReadOnlyList<SqlNode> Collect(SqlNode node)
    {
        var collector = new ChildCollector();
        node.RewriteChildren(collector);
        return collector._children;
    }

    protected override SqlNode VisitNode(SqlNode node)
    {
        _children.Add(node);
        return node;
    }
}

/// <summary>Rewrites with a function instead of a class.</summary>
public static class SqlRewriting
{
    /// <summary>
    /// Replaces nodes from the leaves up: <paramref name="replace"/> sees every node after its children were replaced, and returns the node
    /// itself to keep it.
    /// </summary>
    public static T Rewrite<T>(this T node, Func<SqlNode, SqlNode> replace)
        where T : SqlNode
        => new FunctionRewriter(replace).Visit(node);

    private sealed class FunctionRewriter(Func<SqlNode, SqlNode> replace) : SqlRewriter
    {
        protected override SqlNode Leave(SqlNode node) => replace(node);
    }
}
