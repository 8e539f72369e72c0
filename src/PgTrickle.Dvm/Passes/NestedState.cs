using System.Collections.Frozen;
using PgTrickle.Dvm.Binding;
using PgTrickle.Dvm.Operators;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// Operators with state below the root are recomputed for touched groups, before and after. That is right only if the same input always gives the very same rows, whatever
/// its order: ties, rounding and the choice among equal images must not matter.
/// </summary>
internal static class NestedState
{
    private static readonly FrozenSet<string> OfAnyType = FrozenSet.Create(StringComparer.Ordinal, "count", "bool_and", "bool_or", "every", "bit_and", "bit_or", "bit_xor");

    private static readonly FrozenSet<string> OfExactType = FrozenSet.Create(StringComparer.Ordinal, "sum", "avg");

    /// <summary>Refuses a tree with an operator that is not deterministic in that sense.</summary>
    /// <exception cref="CompileException">There is one.</exception>
    public static void Check(Operator tree)
    {
        foreach (var source in tree.DescendantsAndSelf())
        {
            switch (source)
            {
                case DistinctOn:
                    throw NotYet("DISTINCT ON below the top of the query", "which of several first rows was chosen is not remembered");
                case Aggregate aggregate:
                    CheckAggregate(aggregate);
                    break;
            }
        }
    }

    private static void CheckAggregate(Aggregate aggregate)
    {
        if (aggregate.Keys.FirstOrDefault(static k => k.Type is not { IsImageEqual: true }) is { } key)
        {
            throw NotYet($"grouping below the top of the query by {key.Name}", "its values may be equal without being identical, and which one stands for the group is not remembered");
        }

        var columns = aggregate.Input.Columns.ToDictionary(static c => c.Reference);
        foreach (var column in aggregate.Aggregates)
        {
            var call = column.Call;
            var type = call.Arguments.Count == 1 ? ExpressionType.Of(call.Arguments[0].Value, columns.GetValueOrDefault).Type : null;
            var name = call.Name.Schema is null ? call.Name.Name.Value : "";
            var exact = OfAnyType.Contains(name)
                || (OfExactType.Contains(name) && AggregateTypes.Sum(type) is not null)
                || (name is "min" or "max" && type is { IsImageEqual: true });
            if (!exact)
            {
                throw NotYet($"{call.Name}() below the top of the query", "its value may depend on the order of rows, and the former one is not remembered");
            }
        }
    }

    private static CompileException NotYet(string construct, string reason)
        => new(new CompileError(CompileErrorKind.NotImplemented, construct, "", reason));
}
