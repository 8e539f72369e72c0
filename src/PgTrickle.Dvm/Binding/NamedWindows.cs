using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>Spells out what OVER takes from the WINDOW clause, so that every call says itself what its window is.</summary>
internal static class NamedWindows
{
    /// <summary>The same SELECT without a WINDOW clause.</summary>
    public static SelectBody Resolve(SelectBody select)
    {
        if (select.Windows.IsEmpty)
        {
            return select;
        }

        var known = new Dictionary<SqlIdentifier, WindowSpecification>();
        foreach (var definition in select.Windows)
        {
            known.Add(definition.Name, Extend(definition.Specification, known));
        }

        var rewriter = new Spelling(known);
        return select with { Targets = rewriter.Visit(select.Targets), Distinct = rewriter.Visit(select.Distinct), Windows = [] };
    }

    /// <summary>The items with their windows spelled out.</summary>
    public static SyntaxList<OrderItem> Resolve(SyntaxList<OrderItem> order, SelectBody select)
    {
        if (select.Windows.IsEmpty)
        {
            return order;
        }

        var carrier = new SelectBody(order.Select(static o => new SelectTarget(o.Expression)).ToSyntaxList()) { Windows = select.Windows };
        return order.Zip(Resolve(carrier).Targets, static (o, t) => o with { Expression = t.Expression }).ToSyntaxList();
    }

    /// <summary>A window that extends another takes over its partitions, and its order if it has none of its own; the other has no frame then.</summary>
    private static WindowSpecification Extend(WindowSpecification window, Dictionary<SqlIdentifier, WindowSpecification> known)
    {
        if (window.Base is not { } name)
        {
            return window;
        }

        var extended = known[name];
        return new WindowSpecification
        {
            PartitionBy = extended.PartitionBy,
            OrderBy = window.OrderBy.IsEmpty ? extended.OrderBy : window.OrderBy,
            Frame = window.Frame,
        };
    }

    private sealed class Spelling(Dictionary<SqlIdentifier, WindowSpecification> known) : SqlRewriter
    {
        protected override SqlNode VisitNode(SqlNode node) => node switch
        {
            // A subquery has a WINDOW clause of its own.
            Query => node,
            NamedWindow named => known[named.Name],
            WindowSpecification specification => base.VisitNode(Extend(specification, known)),
            _ => base.VisitNode(node),
        };
    }
}
