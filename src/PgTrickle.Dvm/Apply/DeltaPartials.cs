using PgTrickle.Dvm.Binding;
using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>D of an aggregate's input, summed up by group: the keys as k1, k2 ... and the partials of each slot.</summary>
internal sealed class DeltaPartials
{
    private static readonly SqlIdentifier Rows = new("r");

    private readonly Aggregate _aggregate;
    private readonly IReadOnlyList<Slot> _slots;
    private readonly List<SqlExpression> _inputs;

    public DeltaPartials(Aggregate aggregate, IReadOnlyList<Slot> slots)
    {
        _aggregate = aggregate;
        _slots = slots;
        _inputs = aggregate.Keys.Select(static k => k.Expression)
            .Concat(slots.SelectMany(static s => new[] { s.Argument, s.Filter }).OfType<SqlExpression>())
            .Distinct().ToList();
    }

    /// <summary>The touched groups; null if nothing changed.</summary>
    /// <param name="context">The statement.</param>
    /// <param name="differentiator">The rules.</param>
    /// <param name="numbered">Whether each group gets a number g, by which it is found again.</param>
    public SelectBody? Groups(DeltaContext context, Differentiator differentiator, bool numbered)
    {
        var required = _inputs.SelectMany(static e => e.References()).ToHashSet();
        var delta = differentiator.Delta(_aggregate.Input, required);
        if (delta.Count == 0)
        {
            return null;
        }

        QueryBody terms = UnionAll(delta.Select(f => DeltaContext.SelectWeighted(f, _inputs)));
        if (_slots.Any(SlotDelta.NeedsConsolidation))
        {
            var columns = _aggregate.Input.Columns.ToDictionary(static c => c.Reference);
            var images = _inputs.Select((e, i) => new ImageColumn(NameSource.ColumnName(i), ExpressionType.Of(e, columns.GetValueOrDefault).Type)).ToList();
            terms = Consolidation.Select(Derived(terms.AsQuery(), Rows), Rows, images);
        }

        var keys = _aggregate.Keys.Select(k => Of(k.Expression)).ToList();
        var number = Call("row_number") with { Over = new WindowSpecification() };
        var partials = _slots.SelectMany((s, i) => SlotDelta.Partials(
            s, i, Column(Rows, Consolidation.Weight), s.Argument is { } a ? Of(a) : null, s.Filter is { } f ? Of(f) : null));
        return Select([
            .. numbered ? [number.As("g")] : Array.Empty<SelectTarget>(),
            .. keys.Select(static (k, i) => k.As(AggregateRule.KeyName(i))),
            .. partials]) with
        {
            From = [Derived(terms.AsQuery(), Rows)],
            GroupBy = Evaluation.Grouping(keys),
        };
    }

    private SqlExpression Of(SqlExpression input) => Column(Rows, NameSource.ColumnName(_inputs.IndexOf(input)));
}
