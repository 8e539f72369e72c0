using System.Collections.Frozen;
using System.Globalization;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// Aggregates that gather values, over a sub-select that is sorted: PostgreSQL's manual says that they usually see the values in that order, and queries rely on it. A stream table's rows come from
/// changes and in no order, so the aggregate is given the order of the sub-select as its own. Keys that the sub-select does not yield are added to it.
/// </summary>
internal static class InheritedOrder
{
    /// <summary>What the names of added columns begin with; a row of the sub-select as one value does not have them.</summary>
    public const string Prefix = "__pgt_order_";

    private static readonly FrozenSet<string> Gathering = FrozenSet.Create(
        StringComparer.Ordinal, "array_agg", "string_agg", "xmlagg", "json_agg", "json_agg_strict", "jsonb_agg", "jsonb_agg_strict", "json_object_agg", "json_object_agg_strict", "jsonb_object_agg",
        "jsonb_object_agg_strict");

    /// <summary>The same SELECT, whose aggregates say in which order they see the rows of the one sub-select that it reads.</summary>
    public static SelectBody Of(SelectBody select)
    {
        if (select.From is not [DerivedTable { Alias: { } alias, Query: { OrderBy.IsEmpty: false } query } table] || !select.Targets.Any(static t => t.DescendantsAndSelf().Any(IsGathering)))
        {
            return select;
        }

        var added = new List<SelectTarget>();
        var order = new List<OrderItem>();
        foreach (var item in query.OrderBy)
        {
            if (NameOf(item.Expression, query.Body, alias, added) is not { } name)
            {
                return select;
            }

            order.Add(item with { Expression = Column(alias.Name, name) });
        }

        var body = added.Count == 0 ? query.Body : ((SelectBody)query.Body) with { Targets = ((SelectBody)query.Body).Targets.AddRange(added) };
        return select with
        {
            From = [table with { Query = query with { Body = body } }],
            Targets = new Sorting(order.ToSyntaxList()).Visit(select.Targets),
        };
    }

    /// <summary>Whether a column of a sub-select has been added to it.</summary>
    public static bool IsAdded(SqlIdentifier name) => name.Value.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The name by which the sub-select's alias knows a sort key; null if it can't yield the key.</summary>
    private static SqlIdentifier? NameOf(SqlExpression key, QueryBody body, TableAlias alias, List<SelectTarget> added)
    {
        if (body is not SelectBody select)
        {
            // Sorted by the names or places of the columns alone, which are those of the first SELECT.
            return key is ColumnReference { Relation: null } column && alias.Columns.IsEmpty ? column.Name : null;
        }

        var outputs = select.Targets.Select(static t => t.Alias ?? SelectBinder.NameOf(t.Expression)).ToList();
        if (PlaceOf(key, select, outputs) is var place and >= 0)
        {
            var names = outputs.Select((n, i) => i < alias.Columns.Count ? alias.Columns[i] : n).ToList();
            return names.Count(n => n == names[place]) == 1 ? names[place] : null;
        }

        if (select.Distinct is { On.IsEmpty: true })
        {
            return null;
        }

        var hidden = new SqlIdentifier(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{added.Count + 1}"));
        added.Add(new SelectTarget(key, hidden));
        return hidden;
    }

    /// <summary>The place of the output that is a sort key, as PostgreSQL reads it: a number is a place, a bare name first of all an output's; -1 if it is none.</summary>
    private static int PlaceOf(SqlExpression key, SelectBody select, List<SqlIdentifier> outputs)
    {
        if (SelectBinder.Ordinal(key) is { } ordinal)
        {
            return ordinal - 1;
        }

        var named = key is ColumnReference { Relation: null } name ? outputs.IndexOf(name.Name) : -1;
        return named >= 0 ? named : select.Targets.ToList().FindIndex(t => t.Expression == key);
    }

    private static bool IsGathering(SqlNode node) => node is JsonArrayAggregate { OrderBy.IsEmpty: true, Over: null }
        || (node is FunctionCall { Name.Schema: null, OrderBy.IsEmpty: true, WithinGroup.IsEmpty: true, Distinct: false, Over: null } call && Gathering.Contains(call.Name.Name.Value));

    /// <summary>Gives the order to the aggregates of one SELECT; those of sub-selects in it have rows of their own.</summary>
    private sealed class Sorting(SyntaxList<OrderItem> order) : SqlRewriter
    {
        protected override SqlNode VisitNode(SqlNode node) => node switch
        {
            Query => node,
            JsonArrayAggregate gathered when IsGathering(gathered) => gathered with { OrderBy = order },
            FunctionCall call when IsGathering(call) => call with { OrderBy = order },
            _ => base.VisitNode(node),
        };
    }
}
