using System.Globalization;

namespace PgTrickle.Dvm.Tests.Oracle;

/// <summary>Random queries over the tables of <see cref="Shop"/>: whatever the compiler claims to differentiate, combined freely.</summary>
internal sealed class RandomQuery
{
    private enum Kind
    {
        Integer,
        Text,
        Money,
        Number,
        Time,
        Day,
    }

    private sealed record Col(string Sql, Kind Kind);

    private static readonly Dictionary<string, Col[]> Tables = new()
    {
        ["customers"] = [new("id", Kind.Integer), new("name", Kind.Text), new("tier", Kind.Text), new("region", Kind.Text), new("credit", Kind.Money)],
        ["products"] = [new("id", Kind.Integer), new("category", Kind.Text), new("parent", Kind.Integer), new("price", Kind.Number)],
        ["orders"] = [new("id", Kind.Integer), new("customer_id", Kind.Integer), new("product_id", Kind.Integer), new("amount", Kind.Money), new("qty", Kind.Integer),
            new("rate", Kind.Number), new("note", Kind.Text), new("ts", Kind.Time), new("day", Kind.Day)],
        ["log"] = [new("k", Kind.Integer), new("v", Kind.Text), new("n", Kind.Number)],
        ["regions"] = [new("code", Kind.Text), new("zone", Kind.Integer), new("title", Kind.Text)],
    };

    private readonly Random _random;
    private int _alias;

    private RandomQuery(int seed) => _random = new Random(seed);

    public static string Make(int seed) => new RandomQuery(seed).Query();

    private string Query() => _random.Next(14) switch
    {
        0 => $"{PairSelect()} UNION ALL {PairSelect()}",
        1 => SetOperation(2),
        8 or 9 => Windowed(),
        10 => Sliced(),
        11 => GroupingSets(),
        12 => SetOperation(3),
        2 or 3 or 4 => Grouped(),
        5 => DistinctOn(),
        6 => "SELECT DISTINCT " + Plain(),
        _ => "SELECT " + Plain(),
    };

    /// <summary>Two columns, an integer and a text, so that selects fit together.</summary>
    private string PairSelect()
    {
        var (from, columns) = From(2);
        return $"SELECT {Value(columns, Kind.Integer)} AS c1, {Value(columns, Kind.Text)} AS c2 FROM {from}{Where(columns)}";
    }

    private string SetOperation(int members)
    {
        var kind = One("UNION", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL", "UNION ALL");
        return members == 1 ? PairSelect() : $"({SetOperation(members - 1)}) {kind} ({PairSelect()})";
    }

    /// <summary>
    /// Orders are total where a function counts rows, and all such functions go by one order: rows that are the same in everything may stand in different places of different ones, and which
    /// numbers then come together is open.
    /// </summary>
    private string Windowed()
    {
        var (from, columns) = From(3);
        var total = $"{Partition(columns)} ORDER BY {string.Join(", ", columns.Select(static c => c.Sql).Prepend(Pick(columns).Sql + One("", " DESC", " NULLS FIRST")))}";
        var outputs = Enumerable.Range(0, _random.Next(1, 4)).Select(_ => Pick(columns).Sql).Concat(Enumerable.Range(0, _random.Next(1, 4)).Select(_ => WindowCall(columns, total)));
        var inner = $"SELECT {string.Join(", ", outputs.Select(static (e, i) => $"{e} AS c{i + 1}"))} FROM {from}{Where(columns)}";
        return _random.Next(3) == 0 ? $"SELECT x.c1, count(*) AS n FROM ({inner}) x GROUP BY x.c1" : inner;
    }

    private string Partition(List<Col> columns)
        => _random.Next(4) == 0 ? "" : $"PARTITION BY {string.Join(", ", Enumerable.Range(0, _random.Next(1, 3)).Select(_ => Pick(columns).Sql).Distinct())}";

    private string WindowCall(List<Col> columns, string total)
    {
        var partition = Partition(columns);
        var item = Pick(columns).Sql + One("", " DESC", " NULLS FIRST");
        var integer = Value(columns, Kind.Integer);
        return _random.Next(7) switch
        {
            0 => $"{One("rank", "dense_rank", "cume_dist")}() OVER ({partition} ORDER BY {item})",
            1 => $"row_number() OVER ({total})",
            2 => $"{One("lag", "lead")}({integer}) OVER ({total})",
            3 => $"count(*) OVER ({partition})",
            4 => $"sum({integer}) OVER ({partition} ORDER BY {item})",
            5 => $"sum({integer}) OVER ({total} ROWS BETWEEN 1 PRECEDING AND {One("CURRENT ROW", "1 FOLLOWING")})",
            _ => $"max({integer}) OVER ({partition} ORDER BY {item} GROUPS 1 PRECEDING{One("", " EXCLUDE TIES", " EXCLUDE GROUP", " EXCLUDE CURRENT ROW")})",
        };
    }

    /// <summary>Sorted by everything that shows, or with ties.</summary>
    private string Sliced()
    {
        var (from, columns) = From(2);
        var outputs = columns.Where(_ => _random.Next(3) > 0).Append(columns[0]).Distinct().ToList();
        var order = outputs.Select(c => c.Sql + One("", " DESC", " NULLS FIRST", " DESC NULLS LAST")).ToList();
        var list = string.Join(", ", outputs.Select(static (c, i) => $"{c.Sql} AS c{i + 1}"));
        var slice = _random.Next(3) switch
        {
            0 => $"ORDER BY {order[0]} FETCH FIRST {_random.Next(1, 5)} ROWS WITH TIES",
            1 => $"ORDER BY {string.Join(", ", order)} LIMIT {_random.Next(0, 8)} OFFSET {_random.Next(0, 4)}",
            _ => $"ORDER BY {string.Join(", ", order)} LIMIT {_random.Next(1, 8)}",
        };
        var inner = $"SELECT {list} FROM {from}{Where(columns)} {slice}";
        return _random.Next(3) == 0 ? $"SELECT x.c1, y.id FROM ({inner}) x LEFT JOIN products y ON y.id::text = x.c1::text" : inner;
    }

    private string GroupingSets()
    {
        var (from, columns) = From(3);
        var keys = Enumerable.Range(0, _random.Next(1, 4)).Select(_ => Pick(columns).Sql).Distinct().ToList();
        var all = string.Join(", ", keys);
        var aggregates = Enumerable.Range(0, _random.Next(1, 3)).Select(_ => Aggregate(columns)).Append($"GROUPING({all})");
        var outputs = keys.Concat(aggregates).Select(static (e, i) => $"{e} AS c{i + 1}");
        var sets = One($"ROLLUP ({all})", $"CUBE ({all})", $"GROUPING SETS (({all}), ({keys[0]}), ())", $"{keys[0]}, ROLLUP ({all})");
        return $"SELECT {string.Join(", ", outputs)} FROM {from}{Where(columns)} GROUP BY {sets}";
    }

    private string Plain()
    {
        var (from, columns) = From(5);
        var outputs = Enumerable.Range(1, _random.Next(1, 5)).Select(i => $"{Expression(Pick(columns), columns)} AS c{i}");
        return $"{string.Join(", ", outputs)} FROM {from}{Where(columns)}";
    }

    private string Grouped()
    {
        var (from, columns) = From(4);
        var keys = Enumerable.Range(0, _random.Next(0, 4)).Select(_ => Expression(Pick(columns), columns)).Distinct().ToList();
        var aggregates = Enumerable.Range(0, _random.Next(1, 4)).Select(_ => Aggregate(columns)).ToList();
        var outputs = keys.Concat(aggregates).Select(static (e, i) => $"{e} AS c{i + 1}");
        var having = _random.Next(5) == 0 ? $" HAVING count(*) > {_random.Next(1, 3)}" : "";
        var group = keys.Count == 0 ? "" : " GROUP BY " + string.Join(", ", keys);
        return $"SELECT {string.Join(", ", outputs)} FROM {from}{Where(columns)}{group}{having}";
    }

    /// <summary>Ordered by everything, so that the first row is certain.</summary>
    private string DistinctOn()
    {
        var (from, columns) = From(2);
        var keys = Enumerable.Range(0, _random.Next(1, 3)).Select(_ => Pick(columns).Sql).Distinct().ToList();
        var rest = columns.Select(static c => c.Sql).Except(keys).ToList();
        var order = keys.Concat(rest).Select(c => c + One("", " DESC", " NULLS FIRST", " DESC NULLS LAST"));
        var outputs = keys.Concat(rest.Where(_ => _random.Next(2) == 0)).Select(static (c, i) => $"{c} AS c{i + 1}");
        return $"SELECT DISTINCT ON ({string.Join(", ", keys)}) {string.Join(", ", outputs)} FROM {from}{Where(columns)} ORDER BY {string.Join(", ", order)}";
    }

    private (string From, List<Col> Columns) From(int most)
    {
        var (sql, columns) = Item();
        for (var joins = _random.Next(0, most); joins > 0; joins--)
        {
            var (right, more) = Item();
            var kind = One("JOIN", "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN");
            sql = $"({sql} {kind} {right} ON {On(columns, more, kind == "FULL JOIN")})";
            columns.AddRange(more);
        }

        return (sql, columns);
    }

    private (string Sql, List<Col> Columns) Item()
    {
        var table = One("customers", "products", "orders", "orders", "log", "regions");
        var alias = "x" + (++_alias).ToString(CultureInfo.InvariantCulture);
        var columns = Tables[table].Select(c => c with { Sql = $"{alias}.{c.Sql}" }).ToList();
        switch (_random.Next(12))
        {
            case 0:
                var inner = Tables[table].ToList();
                return ($"(SELECT * FROM {table}{Where(inner)}) {alias}", columns);
            case 1:
                var key = Pick(Tables[table].Where(static c => c.Kind is Kind.Integer).ToList());
                return ($"(SELECT {key.Sql} AS a, count(*) AS b, max({key.Sql}) AS m FROM {table} GROUP BY {key.Sql}) {alias}",
                    [new($"{alias}.a", Kind.Integer), new($"{alias}.b", Kind.Integer), new($"{alias}.m", Kind.Integer)]);
            case 2:
                return ($"({PairSelect()} UNION ALL {PairSelect()}) {alias}", [new($"{alias}.c1", Kind.Integer), new($"{alias}.c2", Kind.Text)]);
            case 4:
                return ($"({SetOperation(2)}) {alias}", [new($"{alias}.c1", Kind.Integer), new($"{alias}.c2", Kind.Text)]);
            case 5:
                var whole = Tables[table].ToList();
                var rank = $"rank() OVER (PARTITION BY {Pick(whole).Sql} ORDER BY {Pick(whole).Sql})";
                return ($"(SELECT {Value(whole, Kind.Integer)} AS c1, {Value(whole, Kind.Text)} AS c2, {rank} AS r FROM {table}) {alias}",
                    [new($"{alias}.c1", Kind.Integer), new($"{alias}.c2", Kind.Text), new($"{alias}.r", Kind.Integer)]);
            case 3:
                return ($"(SELECT DISTINCT {Value([.. Tables[table]], Kind.Integer)} AS c1, {Value([.. Tables[table]], Kind.Text)} AS c2 FROM {table}) {alias}",
                    [new($"{alias}.c1", Kind.Integer), new($"{alias}.c2", Kind.Text)]);
            default:
                return ($"{table} {alias}", columns);
        }
    }

    /// <summary>FULL JOIN takes only what can be merged or hashed.</summary>
    private string On(List<Col> left, List<Col> right, bool equalityOnly)
    {
        var kind = left.Any(static c => c.Kind == Kind.Integer) && right.Exists(static c => c.Kind == Kind.Integer) ? Kind.Integer : Kind.Text;
        if (!left.Exists(c => c.Kind == kind) || !right.Exists(c => c.Kind == kind))
        {
            return "true";
        }

        var (l, r) = (Pick(left.Where(c => c.Kind == kind).ToList()), Pick(right.Where(c => c.Kind == kind).ToList()));
        if (equalityOnly)
        {
            return $"{l.Sql} = {r.Sql}";
        }

        var more = _random.Next(5) switch
        {
            0 => $" AND {Condition(left)}",
            1 => $" AND {Condition(right)}",
            _ => "",
        };
        return $"{l.Sql} {One("=", "=", "=", "=", "<")} {r.Sql}{more}";
    }

    private string Where(List<Col> columns)
    {
        var conditions = Enumerable.Range(0, _random.Next(0, 3)).Select(_ => _random.Next(4) == 0 ? $"({Condition(columns)} OR {Condition(columns)})" : Condition(columns)).ToList();
        return conditions.Count == 0 ? "" : " WHERE " + string.Join(" AND ", conditions);
    }

    private string Condition(List<Col> columns)
    {
        var column = Pick(columns);
        if (_random.Next(5) == 0)
        {
            return $"{column.Sql} IS {One("", "NOT ")}NULL";
        }

        return column.Kind switch
        {
            Kind.Integer => $"{column.Sql} {One("<", ">", "<>", "=")} {_random.Next(0, 8)}",
            Kind.Text => One($"{column.Sql} IN ('a', 'gold')", $"{column.Sql} <> 'b'", $"{column.Sql} >= 'b'"),
            Kind.Money or Kind.Number => $"{column.Sql} {One("<", ">=")} {One("1.5", "2", "50")}",
            Kind.Time => $"{column.Sql} {One("<", ">=")} {One("now()", "now() - interval '1 day'")}",
            _ => $"{column.Sql} {One("<=", ">")} CURRENT_DATE",
        };
    }

    private string Expression(Col column, List<Col> columns) => (column.Kind, _random.Next(4)) switch
    {
        (Kind.Integer, 0) => $"COALESCE({column.Sql}, {Value(columns, Kind.Integer)}) + 1",
        (Kind.Integer, 1) => $"CASE WHEN {Condition(columns)} THEN {column.Sql} ELSE 0 END",
        (Kind.Text, 0) => $"upper({column.Sql})",
        (Kind.Text, 1) => $"COALESCE({column.Sql}, '?')",
        (Kind.Money, 0) => $"{column.Sql} * 2",
        (Kind.Time, 0 or 1) => $"date_trunc('day', {column.Sql})",
        _ => column.Sql,
    };

    private string Aggregate(List<Col> columns)
    {
        var column = Pick(columns);
        var call = column.Kind switch
        {
            Kind.Integer => One("count(*)", $"sum({column.Sql})", $"avg({column.Sql})", $"max({column.Sql})", $"count(DISTINCT {column.Sql})", $"array_agg({column.Sql} ORDER BY {column.Sql})"),
            Kind.Text => One($"count({column.Sql})", $"min({column.Sql})", $"string_agg({column.Sql}, ',' ORDER BY {column.Sql})", "count(*)"),
            Kind.Money or Kind.Number => One($"sum({column.Sql})", $"avg({column.Sql})", $"min({column.Sql})", $"sum({column.Sql} * 3)", $"stddev({column.Sql})"),
            _ => One($"max({column.Sql})", $"min({column.Sql})"),
        };
        var filtered = _random.Next(5) == 0 ? $"{call} FILTER (WHERE {Condition(columns)})" : call;
        return _random.Next(6) == 0 && call.StartsWith("sum", StringComparison.Ordinal) ? $"COALESCE({filtered}, 0)" : filtered;
    }

    private string Value(List<Col> columns, Kind kind)
    {
        var fitting = columns.Where(c => c.Kind == kind).ToList();
        return fitting.Count > 0 ? Pick(fitting).Sql : kind == Kind.Integer ? "7" : "'x'::text";
    }

    private T Pick<T>(List<T> from) => from[_random.Next(from.Count)];

    private string One(params string[] values) => values[_random.Next(values.Length)];
}
