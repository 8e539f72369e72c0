using System.Globalization;

namespace PgTrickle.Fuzzing.Generation;

/// <summary>
/// Random queries over <see cref="FuzzSchema"/>, from the whole grammar that is to be maintained. What SQL leaves open is kept out of the results: whatever depends on an order
/// is ordered by everything there is, sums of floats are exact, and which of several equal values a group shows can't be seen (<see cref="Value.IsLoose"/>).
/// </summary>
internal sealed partial class QueryGenerator
{
    private static readonly Kind[] OutputKinds =
    [
        Kind.Int, Kind.Int, Kind.Int, Kind.Text, Kind.Text, Kind.Number, Kind.Money, Kind.Float, Kind.Bool, Kind.Time, Kind.Day, Kind.Span, Kind.Code, Kind.Mood, Kind.Json,
        Kind.Array, Kind.Range, Kind.Folded, Kind.Pair, Kind.Bytes, Kind.Address, Kind.Hour, Kind.Bits, Kind.Ranges,
    ];

    private readonly Random _random;
    private readonly int _version;
    private readonly HashSet<string> _features = [];
    private readonly List<string> _with = [];
    private readonly List<(string Name, IReadOnlyList<Kind> Columns)> _common = [];
    private readonly QueryStyle _style;

    /// <summary>How many columns the tables, views and sub-selects of these aliases have.</summary>
    private readonly Dictionary<string, int> _rows = [];
    private int _names;

    /// <summary>What joins, sub-selects and the like the query may still have: most queries are small, since two rules side by side find more than ten.</summary>
    private int _budget;

    private QueryGenerator(int seed, int version, QueryStyle style)
    {
        _style = style;
        _random = new Random(seed);
        _version = version;
        _budget = style == QueryStyle.Dense ? _random.Next(3, 9) : _random.Next(1, 3) * _random.Next(0, 4);
    }

    /// <summary>The query of a seed.</summary>
    /// <param name="seed">The same seed, the same query.</param>
    /// <param name="version">The server's major version, for what came later.</param>
    /// <param name="style">What kind of queries.</param>
    public static GeneratedQuery Make(int seed, int version, QueryStyle style = QueryStyle.Plain) => new QueryGenerator(seed, version, style).Top();

    private bool IsOpen => _style == QueryStyle.Open;

    private GeneratedQuery Top()
    {
        var kinds = new List<Kind>();
        var recursive = "";
        if (Chance(10))
        {
            recursive = "RECURSIVE ";
            Recursive();
        }

        for (var i = Chance(8) ? _random.Next(1, 3) : 0; i > 0; i--)
        {
            CommonTable();
        }

        string sql;
        if (IsOpen)
        {
            Note("left open");
            _budget++;
            sql = $"({Body(kinds, Scope.Empty, 2, isTop: true)}) UNION ALL ({Body(kinds, Scope.Empty, 1)})";
        }
        else if (recursive.Length > 0 && Chance(2))
        {
            kinds.AddRange([Kind.Int, Kind.Int]);
            sql = $"SELECT {One("c1, c2", "c1 + 1 AS c1, c2", "c2 AS c1, c1 AS c2")} FROM {_common[0].Name}{One("", " WHERE c1 > 1")}";
        }
        else if (Chance(20))
        {
            kinds.AddRange([Kind.Int, Any([Kind.RawJson, Kind.Xml, Kind.Point])]);
            sql = Plain(kinds, Scope.Empty, 2, "");
        }
        else
        {
            sql = Body(kinds, Scope.Empty, 2, isTop: true);
        }

        var text = (_with.Count == 0 ? "" : $"WITH {recursive}{string.Join(", ", _with)} ") + sql;
        _features.UnionWith(QueryFeatures.Of(text));
        return new(text, kinds, _features);
    }

    private bool Spend() => _budget-- > 0;

    /// <summary>If the columns may be any, those that fit what there is.</summary>
    private void Choose(List<Kind> kinds, IReadOnlyList<Value> columns)
    {
        var there = columns.Select(static c => c.Kind).Where(Value.HasOrder).DefaultIfEmpty(Kind.Int).ToList();
        for (var i = kinds.Count == 0 ? _random.Next(1, 4) : 0; i > 0; i--)
        {
            kinds.Add(Chance(5) ? Any(OutputKinds) : Any(there));
        }
    }

    /// <summary>A query of these columns, or of any if there are none: c1, c2 ... Parenthesised where it has to be by whoever asks.</summary>
    private string Body(List<Kind> kinds, Scope outer, int depth, bool isTop = false)
        => _style == QueryStyle.Dense && Chance(3) ? GroupedOnce(kinds, outer, depth) : Sparse(kinds, outer, depth, isTop);

    private string Sparse(List<Kind> kinds, Scope outer, int depth, bool isTop) => _random.Next(isTop ? 23 : 16) switch
    {
        0 or 1 when depth > 0 && Spend() => SetOperation(kinds, outer, depth),
        2 => Plain(kinds, outer, depth, "DISTINCT "),
        3 => DistinctOn(kinds, outer, depth),
        4 => Windowed(kinds, outer, depth),
        5 => First(kinds, outer, depth),
        < 10 => Grouped(kinds, outer, depth),
        16 when Spend() => SetOperation(kinds, outer, depth),
        17 => Windowed(kinds, outer, depth),
        18 => First(kinds, outer, depth),
        19 => Grouped(kinds, outer, depth),
        20 => RowSets(kinds, outer, depth),
        22 when kinds.Count == 0 => AddedUp(kinds, depth),
        _ => Plain(kinds, outer, depth, ""),
    };

    private string Plain(List<Kind> kinds, Scope outer, int depth, string distinct)
    {

        var (from, columns) = From(outer, depth);
        var scope = new Scope(columns, outer);
        Choose(kinds, columns);
        return $"SELECT {distinct}{Outputs(kinds.Select(k => Expression(k, scope, depth)))}{Clause(from)}{Where(scope, depth)}";
    }

    private string Outputs(IEnumerable<Value> values) => string.Join(", ", values.Select(static (v, i) => string.Create(CultureInfo.InvariantCulture, $"{v.Sql} AS c{i + 1}")));

    private string SetOperation(List<Kind> kinds, Scope outer, int depth)
    {
        var operation = One("UNION ALL", "UNION ALL", "UNION", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL");
        return $"({Body(kinds, outer, depth - 1)}) {operation} ({Body(kinds, outer, depth - 1)})";
    }

    /// <summary>A first row of each key, ordered by everything after the keys.</summary>
    private string DistinctOn(List<Kind> kinds, Scope outer, int depth)
    {
        var (from, columns) = From(outer, depth, mustOrder: true);
        var scope = new Scope(columns, outer);
        Choose(kinds, columns);
        var keys = Some(1, 3, () => Any(columns)).DistinctBy(static c => c.Sql).ToList();
        var order = keys.Select(static k => k.Sql).Concat(Order(columns, least: 0)).Distinct().Select(Directed);
        return $"SELECT DISTINCT ON ({List(keys)}) {Outputs(kinds.Select(k => Expression(k, scope, 1)))}{Clause(from)}{Where(scope, depth)} ORDER BY {string.Join(", ", order)}";
    }

    /// <summary>The first rows in an order of everything; WITH TIES may leave the tail of the order out, since ties come along.</summary>
    private string First(List<Kind> kinds, Scope outer, int depth)
    {
        var (from, columns) = From(outer, depth, mustOrder: true);
        var where = Where(new Scope(columns, outer), depth);

        // Values of scalar types can be stored beside the result, so that it is known from them which rows come first.
        if (Chance(2) && columns.Where(static c => c.Kind is Kind.Int or Kind.Time or Kind.Day).ToList() is { Count: > 0 } plain)
        {
            columns = plain;
        }

        var scope = new Scope(columns, outer);
        Choose(kinds, columns);
        var order = Order(Shuffled(columns), least: 1).Select(Directed).ToList();
        var offset = Chance(3) ? $" OFFSET {Count(0, 4, outer)}" : "";
        var limit = $" LIMIT {Count(0, 6, outer)}";
        if (Chance(4))
        {
            order = order.Take(_random.Next(1, 3)).ToList();
            (offset, limit) = ("", $" FETCH FIRST {Number(1, 5)} ROWS WITH TIES");
        }
        else if (offset.Length > 0)
        {
            limit = Chance(4) ? "" : limit;
        }

        return $"SELECT {Outputs(kinds.Select(k => Expression(k, scope, 1)))}{Clause(from)}{where} ORDER BY {string.Join(", ", order)}{offset}{limit}";
    }

    /// <summary>How many rows: a number, what the row around says, or what there are of others.</summary>
    private string Count(int low, int high, Scope outer)
    {
        if (!Chance(6))
        {
            return Number(low, high);
        }

        Note("computed slice");
        var numbers = outer.Columns.Where(static c => c.Kind == Kind.Int).ToList();
        return numbers.Count > 0 && !Chance(4) ? $"least(greatest({Any(numbers).Sql}, {low}), {high})" : $"(SELECT count(*) / 2 FROM fuzz.{One("b", "c", "e")})";
    }

    private void CommonTable()
    {
        var kinds = new List<Kind>();
        var name = Name("w");
        var materialized = One("", "", "MATERIALIZED ", "NOT MATERIALIZED ");
        _budget++;
        _with.Add($"{name} AS {materialized}({Body(kinds, Scope.Empty, 1)})");
        _common.Add((name, kinds));
    }

    /// <summary>An order of everything; if ties are wanted, of some of it.</summary>
    private IEnumerable<string> Order(IReadOnlyList<Value> columns, int least)
    {
        var total = (IsOpen ? Shuffled(columns) : columns).SelectMany(static c => c.TotalOrder()).Distinct();
        return IsOpen ? total.Take(_random.Next(least, 3)) : total;
    }

    private string Directed(string key) => key + One("", "", " DESC", " NULLS FIRST", " DESC NULLS LAST");

    private static string Clause(string from) => from.Length == 0 ? "" : " FROM " + from;

    private static string List(IEnumerable<Value> values) => string.Join(", ", values.Select(static v => v.Sql));

    private void Note(string feature) => _features.Add(feature);

    private string Name(string stem) => stem + (++_names).ToString(CultureInfo.InvariantCulture);

    private bool Chance(int n) => _random.Next(n) == 0;

    private IEnumerable<T> Some<T>(int low, int high, Func<T> make) => Enumerable.Range(0, _random.Next(low, high)).Select(_ => make()).ToList();

    private T Any<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];

    private List<T> Shuffled<T>(IReadOnlyList<T> from) => [.. from.OrderBy(_ => _random.Next())];

    private string One(params string[] values) => values[_random.Next(values.Length)];

    private string Number(int low, int high) => _random.Next(low, high + 1).ToString(CultureInfo.InvariantCulture);
}
