namespace PgTrickle.Fuzzing.Generation;

/// <summary>Window functions.</summary>
internal sealed partial class QueryGenerator
{
    /// <summary>A window.</summary>
    /// <param name="Sql">Its name or definition.</param>
    /// <param name="CountsRows">Whether its frame is one of ROWS.</param>
    /// <param name="IsOfPeers">
    /// Whether nothing may be seen but what peers have in common: rows may be peers without being identical, or another window numbers the rows already. Which of identical rows comes first is
    /// left open, and decides how the numbers of several windows meet.
    /// </param>
    private sealed record WindowText(string Sql, bool CountsRows, bool IsOfPeers);

    private string Windowed(List<Kind> kinds, Scope outer, int depth)
    {
        var (from, columns) = From(outer, depth, mustOrder: true);
        var scope = new Scope(columns, outer);
        Choose(kinds, columns);
        var windows = Some(1, 3, () => WindowOf(columns)).Select((w, i) => w with { IsOfPeers = w.IsOfPeers || i > 0 }).ToList();
        var named = new List<string>();
        for (var i = 0; i < windows.Count; i++)
        {
            if (Chance(4))
            {
                var name = Name("n");
                named.Add($"{name} AS {windows[i].Sql}");
                windows[i] = windows[i] with { Sql = name };
            }
        }

        var outputs = kinds.Select(k => Chance(2) ? Expression(k, scope, 0) : WindowCall(k, scope, Any(windows))).ToList();
        return $"SELECT {Outputs(outputs)}{Clause(from)}{Where(scope, depth)}{(named.Count == 0 ? "" : " WINDOW " + string.Join(", ", named))}";
    }

    private WindowText WindowOf(IReadOnlyList<Value> columns)
    {
        var partition = Chance(3) || columns.Count == 0 ? "" : $"PARTITION BY {List(Some(1, 3, () => Any(columns)))} ";
        var exclude = One("", "", "", " EXCLUDE CURRENT ROW", " EXCLUDE TIES", " EXCLUDE GROUP", " EXCLUDE NO OTHERS");
        if (Chance(4) && columns.Where(c => Distance(c.Kind) is not null).ToList() is { Count: > 0 } measured)
        {
            var key = Any(measured);
            var distance = Distance(key.Kind)!;
            var reach = One($"{distance} PRECEDING AND CURRENT ROW", $"{distance} PRECEDING AND {distance} FOLLOWING", $"UNBOUNDED PRECEDING AND {distance} PRECEDING", $"{distance} FOLLOWING AND UNBOUNDED FOLLOWING");
            return new($"({partition}ORDER BY {Directed(key.Sql)} RANGE BETWEEN {reach}{exclude})", CountsRows: false, IsOfPeers: true);
        }

        var isPartial = Chance(5) && columns.Count > 1;
        var order = "ORDER BY " + string.Join(", ", (isPartial ? Shuffled(columns).Take(_random.Next(1, 3)).Select(static c => c.Sql) : Order(columns, least: 0)).Select(Directed).DefaultIfEmpty("1"));
        var bounds = One(
            "UNBOUNDED PRECEDING AND CURRENT ROW", "1 PRECEDING AND 1 FOLLOWING", "CURRENT ROW AND UNBOUNDED FOLLOWING", "2 PRECEDING AND 1 PRECEDING",
            "UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING");
        var frame = _random.Next(isPartial ? 3 : 4) switch
        {
            0 => $" GROUPS BETWEEN {bounds}{exclude}",
            1 => $" RANGE BETWEEN {One("UNBOUNDED PRECEDING AND CURRENT ROW", "CURRENT ROW AND UNBOUNDED FOLLOWING", "CURRENT ROW AND CURRENT ROW")}{exclude}",
            2 => "",
            _ => $" ROWS BETWEEN {bounds}{exclude}",
        };
        return new($"({partition}{order}{frame})", frame.StartsWith(" ROWS", StringComparison.Ordinal), isPartial);
    }

    /// <summary>How far a frame may reach by the values of a column; null for types that know no distance.</summary>
    private string? Distance(Kind kind) => kind switch
    {
        Kind.Int => Number(0, 2),
        Kind.Number or Kind.Money => One("0.5", "2"),
        Kind.Float => One("0.5", "3"),
        Kind.Time => One("interval '1 hour'", "interval '2 days'"),
        Kind.Day => One("interval '1 day'", "interval '1 mon'"),
        Kind.Span => "interval '1 day'",
        _ => null,
    };

    private Value WindowCall(Kind kind, Scope scope, WindowText over)
    {
        var own = new Scope(scope.Columns);
        var window = over.Sql;
        string X(Kind k) => Exact(k, own).Sql;
        if (over.IsOfPeers && !IsOpen)
        {
            return OfPeers(kind, own, over);
        }

        // A frame decides which of equal values is shown, ROWS ones among equal rows.
        return kind switch
        {
            Kind.Int => new(
                One(
                    $"(row_number() OVER {window})::int", $"(rank() OVER {window})::int", $"(dense_rank() OVER {window})::int", $"(count(*) OVER {window})::int", $"(sum({X(kind)}) OVER {window})::int",
                    $"ntile(3) OVER {window}", $"lag({X(kind)}) OVER {window}", $"lead({X(kind)}, 2, 7) OVER {window}", $"first_value({X(kind)}) OVER {window}", $"fuzz.total({X(kind)}) OVER {window}",
                    $"fuzz.total({X(kind)} + 1) OVER {window}", $"last_value({X(kind)}) OVER {window}", $"nth_value({X(kind)}, 2) OVER {window}", $"(count(*) FILTER (WHERE {Condition(own, 0)}) OVER {window})::int"),
                kind),
            Kind.Number => new(One($"sum({X(kind)}) OVER {window}", $"avg({X(Kind.Int)}) OVER {window}", $"max({X(kind)}) OVER {window}"), kind, IsLoose: true),
            Kind.Float => new(One($"percent_rank() OVER {window}", $"cume_dist() OVER {window}"), kind),
            Kind.Bool or Kind.Array or Kind.RawJson or Kind.Xml or Kind.Point or Kind.Folded => Leaf(kind, own, isExact: false),
            _ => new($"{One("lag", "first_value", "last_value")}({X(kind)}) OVER {window}", kind, Value.HasEqualTwins(kind)),
        };
    }

    /// <summary>Functions that give peers the same, in frames that do: those by RANGE and GROUPS.</summary>
    private Value OfPeers(Kind kind, Scope own, WindowText over)
    {
        string X(Kind k) => Exact(k, own).Sql;
        var window = over.Sql;
        if (over.CountsRows)
        {
            return Leaf(kind, own, isExact: false);
        }

        return kind switch
        {
            Kind.Int => new(
                One(
                    $"(rank() OVER {window})::int", $"(dense_rank() OVER {window})::int", $"(count(*) OVER {window})::int", $"(sum({X(kind)}) OVER {window})::int", $"max({X(kind)}) OVER {window}",
                    $"fuzz.total({X(kind)}) OVER {window}", $"fuzz.total({X(kind)}) OVER {window}", $"(count({X(Kind.Text)}) FILTER (WHERE {Condition(own, 0)}) OVER {window})::int"),
                kind),
            Kind.Number => new(One($"sum({X(kind)}) OVER {window}", $"avg({X(Kind.Int)}) OVER {window}"), kind, IsLoose: true),
            Kind.Float => new(One($"percent_rank() OVER {window}", $"cume_dist() OVER {window}", $"sum({X(kind)}) OVER {window}"), kind, IsLoose: true),
            Kind.Text or Kind.Code or Kind.Day or Kind.Time or Kind.Mood => new($"{One("min", "max")}({X(kind)}) OVER {window}", kind),
            _ => Leaf(kind, own, isExact: false),
        };
    }
}
