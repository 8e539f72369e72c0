using System.Globalization;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// Takes window functions out of a SELECT: one <see cref="Window"/> for each different PARTITION BY, the first at the bottom; above them, the select list is expressions over
/// their values.
/// </summary>
internal sealed class WindowBinder(BindingContext context)
{
    public static bool IsNeeded(SelectParts parts) => parts.Expressions.Any(static e => e.DescendantsAndSelf().Any(static n => n is FunctionCall { Over: not null }));

    public (Operator Source, SelectParts Parts) Bind(Operator input, SelectParts parts)
    {
        var extraction = new Extraction();
        var above = parts.Map(extraction.Visit);
        var calls = extraction.Calls;
        if (calls.Any(static c => ((WindowSpecification)c.Over!).Frame is { } frame && (ClockExpressions.ReadsClock(frame) || frame.References().Any())))
        {
            throw context.NotImplemented("window frame", "its bounds are not constant");
        }


        // Where each column of the input, and each call's placeholder, is found in the window made last.
        var found = input.Columns.ToDictionary(static c => c.Reference, static c => c.Reference);
        var source = input;
        var groups = calls.Select(static (call, i) => (call, i)).GroupBy(static c => ((WindowSpecification)c.call.Over!).PartitionBy).Select(static g => g.ToList()).ToList();
        for (var i = 0; i < groups.Count; i++)
        {
            var used = above.Expressions.Concat(groups.Skip(i + 1).SelectMany(static g => g).Select(static c => c.call)).SelectMany(static e => e.References()).ToHashSet();
            source = Build(source, groups[i], found, used);
        }

        var values = found.ToDictionary(static f => f.Key, static f => (SqlExpression)f.Value);
        return (source, above.Map(e => e.Substitute(values)));
    }

    private Window Build(Operator input, List<(FunctionCall Call, int Index)> calls, Dictionary<ColumnReference, ColumnReference> found, HashSet<ColumnReference> used)
    {
        var alias = context.NewName("w");
        var columns = input.Columns.ToDictionary(static c => c.Reference);
        var values = found.ToDictionary(static f => f.Key, static f => (SqlExpression)f.Value);
        ExpressionType TypeOf(SqlExpression e) => ExpressionType.Of(e, columns.GetValueOrDefault);
        ComputedColumn Computed(SqlIdentifier name, SqlExpression e) => new(name, e, TypeOf(e).Type, TypeOf(e).NotNull);

        var keys = ((WindowSpecification)calls[0].Call.Over!).PartitionBy.Select(k => k.Substitute(values)).Distinct().Select((k, i) => Computed(Name("p", i), k)).ToSyntaxList();
        var own = calls.Select(c => c.Call.Substitute(values) is var call
            ? new WindowColumn(Extraction.Placeholder(c.Index).Name, call, WindowTypes.ResultOf(call, e => TypeOf(e).Type))
            : null!).ToSyntaxList();
        var kept = new List<ComputedColumn>();
        foreach (var (original, current) in found.ToList())
        {
            if (!used.Contains(original))
            {
                found.Remove(original);
                continue;
            }

            kept.Add(Computed(Name("c", kept.Count), current));
            found[original] = new ColumnReference(alias, kept[^1].Name);
        }

        foreach (var (_, index) in calls)
        {
            found.Add(Extraction.Placeholder(index), new ColumnReference(alias, Extraction.Placeholder(index).Name));
        }

        return new Window(alias, input, kept.ToSyntaxList(), keys, own);
    }

    private static SqlIdentifier Name(string prefix, int index) => new(string.Create(CultureInfo.InvariantCulture, $"{prefix}{index + 1}"));

    /// <summary>Replaces calls of window functions by placeholders; a call that stands there twice is one.</summary>
    private sealed class Extraction : SqlRewriter
    {
        private static readonly SqlIdentifier Windows = new("window");

        public List<FunctionCall> Calls { get; } = [];

        public static ColumnReference Placeholder(int index) => new(Windows, Name("f", index));

        protected override SqlNode VisitNode(SqlNode node)
        {
            switch (node)
            {
                case FunctionCall { Over: not null } call:
                    var known = Calls.IndexOf(call);
                    if (known < 0)
                    {
                        Calls.Add(call);
                        known = Calls.Count - 1;
                    }

                    return Placeholder(known);
                case Query:
                    return node;
                default:
                    return base.VisitNode(node);
            }
        }
    }
}
