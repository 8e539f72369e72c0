using System.Globalization;
using PgTrickle.Dvm.Apply;
using PgTrickle.Dvm.Binding;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// Aggregates of distinct values, <c>count(DISTINCT x)</c>, are aggregates over a grouping by the group and x: a node, which knows how often each value is there, so that both are added up and no
/// group is read again. The other aggregates of the group are put together from those of its values. Where a key tells that a value comes once in a group, DISTINCT is left out.
/// </summary>
internal sealed class DistinctCalls : IPass
{
    private const string Word = "each";

    public string Name => "distinct calls";

    public Operator Apply(Operator root)
    {
        var count = 0;
        return root.Rewrite(o => o is Aggregate aggregate && aggregate.Aggregates.Any(static a => a.Call.Distinct) ? Of(aggregate, ++count) : o);
    }

    /// <summary>Whether this is the upper of two groupings that the pass has made.</summary>
    public static bool IsUpper(Aggregate aggregate) => aggregate.Alias.Value.StartsWith(Word, StringComparison.Ordinal) && aggregate.Aggregates.Any(static a => a.Name.Value.StartsWith('v'));

    private static Operator Of(Aggregate source, int number)
    {
        // The extreme of a set is that of its distinct values.
        var aggregate = source with
        {
            Aggregates = source.Aggregates.Select(static a => a.Call is { Name: { Schema: null, Name.Value: "min" or "max" }, Distinct: true } call ? a with { Call = call with { Distinct = false } } : a).ToSyntaxList(),
        };
        var distinct = aggregate.Aggregates.Where(static a => a.Call.Distinct).Select(static a => a.Call).ToList();
        if (distinct.Count == 0)
        {
            return aggregate;
        }

        if (!distinct.TrueForAll(c => IsPlain(c) && c.Name.Name.Value is "count" or "sum" or "avg" && c.Arguments == distinct[0].Arguments))
        {
            return source;
        }

        var value = distinct[0].Arguments[0].Value;
        var known = aggregate.Keys.Select(static k => k.Expression).Append(value).OfType<ColumnReference>().ToHashSet();
        if (KeyInference.Keys(aggregate.Input).Any(k => k.IsSubsetOf(known)))
        {
            return aggregate with { Aggregates = aggregate.Aggregates.Select(static a => a with { Call = a.Call with { Distinct = false } }).ToSyntaxList() };
        }

        return value.References().Any() && new Split(aggregate, value, number).Build() is { } split ? split : source;
    }

    private static bool IsPlain(FunctionCall call) => call is { Name.Schema: null, Arguments.Count: 1, OrderBy.IsEmpty: true, WithinGroup.IsEmpty: true }
        && call.Arguments[0] is { Variadic: false, Name: null };

    /// <summary>The two groupings in the making.</summary>
    private sealed class Split
    {
        private readonly Aggregate _aggregate;
        private readonly SqlExpression _value;
        private readonly SqlIdentifier _below;
        private readonly SqlIdentifier _above;
        private readonly Dictionary<ColumnReference, BoundColumn> _columns;
        private readonly List<AggregateColumn> _parts = [];
        private readonly List<AggregateColumn> _calls = [];
        private readonly List<ComputedColumn> _keys = [];

        public Split(Aggregate aggregate, SqlExpression value, int number)
        {
            _aggregate = aggregate;
            _value = value;
            _below = RelationNames.Of(Word, (2 * number) - 1);
            _above = RelationNames.Of(Word, 2 * number);
            _columns = aggregate.Input.Columns.ToDictionary(static c => c.Reference);
        }

        /// <summary>The groupings, with a projection to the columns that the aggregate had; null if one of them could not be added up.</summary>
        public Operator? Build()
        {
            var keys = _aggregate.Keys.Select((k, i) => k with { Name = NameOf("k", i), Expression = Key(k.Expression, k.Type, k.NotNull) }).ToSyntaxList();
            var (type, notNull) = ExpressionType.Of(_value, _columns.GetValueOrDefault);
            var value = Key(_value, type, notNull);
            var results = _aggregate.Aggregates.Select(a => Result(a, value)).ToList();
            if (results.Contains(null))
            {
                return null;
            }

            var below = new Aggregate(_below, _aggregate.Input, _keys.ToSyntaxList(), _parts.ToSyntaxList());
            var above = new Aggregate(_above, below, keys, _calls.ToSyntaxList());
            var outputs = _aggregate.Keys.Zip(above.Columns, static (k, c) => k with { Expression = c.Reference })
                .Concat(_aggregate.Aggregates.Zip(results, static (a, r) => new ComputedColumn(a.Name, r!, a.Type, a.NotNull))).ToSyntaxList();
            return AggregateState.IsAddedUp(below) && AggregateState.IsAddedUp(above) ? new Project(_aggregate.Alias, above, outputs) : null;
        }

        /// <summary>What an aggregate is above both groupings; null if it can't be put together.</summary>
        private SqlExpression? Result(AggregateColumn column, ColumnReference value)
        {
            var call = column.Call;
            if (call.Distinct)
            {
                var passes = call.Filter is { } filter ? Greater(Part(CountStar() with { Filter = filter }, WellKnownTypes.BigInteger), Integer(0)) : null;
                return Above(call with { Distinct = false, Arguments = [new FunctionArgument(value)], Filter = passes }, column.Type);
            }

            if (!IsPlain(call) && call is not { Star: true, Name.Schema: null })
            {
                return null;
            }

            var sum = call.Star ? null : AggregateTypes.Sum(ExpressionType.Of(call.Arguments[0].Value, _columns.GetValueOrDefault).Type);
            return call.Name.Name.Value switch
            {
                "count" => Counted(call),
                "min" or "max" => Above(call with { Arguments = [new FunctionArgument(Part(call, column.Type))], Filter = null }, column.Type),
                "sum" when sum is not null => sum.BaseOid == TypeFacts.Int8 ? Cast(Summed(call, sum), TypeName.Standard("bigint")) : Summed(call, sum),
                "avg" when sum is not null => Average(call, sum),
                _ => null,
            };
        }

        private Cast Counted(FunctionCall call)
            => Cast(Coalesce(Summed(call, WellKnownTypes.BigInteger), Integer(0)), TypeName.Standard("bigint"));

        private CaseExpression Average(FunctionCall call, TypeInfo sum)
        {
            var count = Summed(call with { Name = "count" }, WellKnownTypes.BigInteger);
            return Case(NotEq(count, Integer(0)), Binary(Cast(Summed(call with { Name = "sum" }, sum), TypeName.Standard("numeric")), "/", count));
        }

        private ColumnReference Summed(FunctionCall call, TypeInfo type)
            => Above(Sum(Part(call, type)), AggregateTypes.Sum(type));

        /// <summary>A key of the lower grouping.</summary>
        private ColumnReference Key(SqlExpression expression, TypeInfo? type, bool notNull)
        {
            if (_keys.Find(k => k.Expression == expression) is not { } key)
            {
                key = new ComputedColumn(NameOf("k", _keys.Count), expression, type, notNull);
                _keys.Add(key);
            }

            return new ColumnReference(_below, key.Name);
        }

        private ColumnReference Part(FunctionCall call, TypeInfo? type) => Add(_parts, _below, "p", call, type);

        private ColumnReference Above(FunctionCall call, TypeInfo? type) => Add(_calls, _above, "v", call, type);

        private static ColumnReference Add(List<AggregateColumn> columns, SqlIdentifier alias, string prefix, FunctionCall call, TypeInfo? type)
        {
            if (columns.Find(c => c.Call == call) is not { } column)
            {
                column = new AggregateColumn(NameOf(prefix, columns.Count), call, type);
                columns.Add(column);
            }

            return new ColumnReference(alias, column.Name);
        }

        private static SqlIdentifier NameOf(string prefix, int index) => new(prefix + (index + 1).ToString(CultureInfo.InvariantCulture));
    }
}
