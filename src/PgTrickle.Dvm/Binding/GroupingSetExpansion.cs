using System.Globalization;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// GROUPING SETS as one plain grouping: the input's rows once for each set, with the number of the set, and NULL for the keys that it does not group by. So the NULL of a key and the
/// NULL of a set that leaves it out differ by number, and whatever maintains groups maintains these. A set without keys has a row over nothing, too: a row that no aggregate sees stands for it.
/// </summary>
internal sealed class GroupingSetExpansion
{
    private static readonly SqlIdentifier NumberName = new("set");
    private static readonly SqlIdentifier Present = new("present");

    private readonly Grouping _grouping;

    public GroupingSetExpansion(BindingContext context, Grouping grouping, Operator input, IReadOnlyList<FunctionCall> calls)
    {
        _grouping = grouping;
        var numbers = Values(context, Enumerable.Range(0, grouping.Sets.Count));
        Source = new Join(JoinType.Inner, input, numbers, True);
        Number = numbers.Columns[0].Reference;
        Keys = grouping.Keys.Select((k, i) => Masked(k, i, Number)).ToList();
        Calls = calls;
        var empty = Enumerable.Range(0, grouping.Sets.Count).Where(s => grouping.Sets[s].Count == 0 && grouping.Keys.Count == grouping.Declared).ToList();
        if (empty.Count > 0)
        {
            AddRowsOfEmptySets(context, empty);
        }
    }

    /// <summary>The rows to group.</summary>
    public Operator Source { get; private set; }

    /// <summary>The number of the set.</summary>
    public SqlExpression Number { get; private set; }

    /// <summary>The keys.</summary>
    public IReadOnlyList<SqlExpression> Keys { get; private set; }

    /// <summary>The aggregate calls over the rows.</summary>
    public IReadOnlyList<FunctionCall> Calls { get; private set; }

    private static Constant Values(BindingContext context, IEnumerable<int> numbers)
    {
        var rows = numbers.Select(static n => new ValuesRow([Integer(n)])).ToSyntaxList();
        return new Constant(context.NewName("sets"), new ValuesBody(rows), [NumberName]) { Types = [new ExpressionType(WellKnownTypes.Integer, NotNull: true)] };
    }

    private SqlExpression Masked(SqlExpression key, int place, SqlExpression number)
    {
        var sets = Enumerable.Range(0, _grouping.Sets.Count).Where(s => _grouping.Has(s, place)).ToList();
        return sets.Count == _grouping.Sets.Count ? key : Case(Or(sets.Select(s => Eq(number, Integer(s)))), key);
    }

    private void AddRowsOfEmptySets(BindingContext context, List<int> empty)
    {
        var columns = Source.Columns.ToDictionary(static c => c.Reference);
        ComputedColumn Computed(SqlIdentifier name, SqlExpression value) => ExpressionType.Of(value, columns.GetValueOrDefault) is var type
            ? new ComputedColumn(name, value, type.Type, type.NotNull)
            : throw new InvalidOperationException();
        var arguments = Calls.SelectMany(static c => c.References()).Distinct().ToList();
        SqlIdentifier Name(string prefix, int i) => new(string.Create(CultureInfo.InvariantCulture, $"{prefix}{i + 1}"));
        var outputs = new List<ComputedColumn> { Computed(NumberName, Number), Computed(Present, True) };
        outputs.AddRange(Keys.Select((k, i) => Computed(Name("k", i), k)));
        outputs.AddRange(arguments.Select((a, i) => Computed(Name("c", i), a)));

        var numbers = Values(context, empty);
        var standIn = outputs.Select((o, i) => i switch
        {
            0 => o with { Expression = numbers.Columns[0].Reference },
            1 => o with { Expression = False },
            _ => o with { Expression = Null, NotNull = false },
        });
        var alias = context.NewName("u");
        SyntaxList<Operator> members =
        [
            new Project(context.NewName("p"), Source, outputs.ToSyntaxList()),
            new Project(context.NewName("p"), numbers, standIn.ToSyntaxList()),
        ];
        Source = new UnionAll(alias, outputs.Select(static o => o.Name).ToSyntaxList(), members);
        Number = Column(alias, NumberName);
        Keys = Keys.Select((_, i) => (SqlExpression)Column(alias, Name("k", i))).ToList();
        var values = arguments.Select((a, i) => (a, Value: (SqlExpression)Column(alias, Name("c", i)))).ToDictionary(static p => p.a, static p => p.Value);
        Calls = Calls.Select(c => c.Substitute(values) is var call && call.Filter is { } filter
            ? call with { Filter = And(Column(alias, Present), filter) }
            : call with { Filter = Column(alias, Present) }).ToList();
    }
}
