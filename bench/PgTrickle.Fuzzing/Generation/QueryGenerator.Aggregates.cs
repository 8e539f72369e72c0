namespace PgTrickle.Fuzzing.Generation;

/// <summary>GROUP BY, window functions, set-returning functions in the select list.</summary>
internal sealed partial class QueryGenerator
{
    private string Grouped(List<Kind> kinds, Scope outer, int depth)
    {
        var (from, columns) = From(outer, depth);
        var scope = new Scope(columns, outer);
        Choose(kinds, columns);
        var keys = Some(0, 3, () => GroupKey(scope, columns)).OfType<Value>().DistinctBy(static k => k.Sql).ToList();
        // What follows may show keys, and aggregates of the rest.
        var grouped = new Scope([.. keys.Select(static k => k.Loosened())]);
        var outputs = kinds.Select(k => Chance(3) && grouped.Columns.Any(c => c.Kind == k) ? Leaf(k, grouped, isExact: false) : Aggregate(k, scope));
        var having = "";
        if (Chance(5))
        {
            having = $" HAVING {One($"count(*) > {Number(0, 2)}", $"sum({Exact(Kind.Int, new Scope(columns)).Sql}) >= {Number(0, 3)}", $"{Aggregate(Kind.Int, scope).Sql} IS NOT NULL", HavingSubquery(depth))}";
        }

        var sql = $"SELECT {Outputs(outputs)}{Clause(from)}{Where(scope, depth)}{GroupBy(keys)}{having}";
        return sql;
    }

    /// <summary>More than one step over the same groups in one SELECT: windows over aggregates, the first groups, distinct ones. The keys make every order a total one.</summary>
    private string GroupedOnce(List<Kind> kinds, Scope outer, int depth)
    {
        var (from, columns) = From(outer, depth);
        var scope = new Scope(columns, outer);
        Choose(kinds, columns);
        var keys = Some(1, 3, () => GroupKey(scope, columns)).OfType<Value>().DistinctBy(static k => k.Sql).ToList();
        var clauses = $"{Clause(from)}{Where(scope, depth)}{(keys.Count == 0 ? "" : $" GROUP BY {List(keys)}")}";
        if (Chance(4))
        {
            return $"SELECT DISTINCT {Outputs(kinds.Select(k => Aggregate(k, scope)))}{clauses}";
        }

        var grouped = new Scope([.. keys.Select(static k => k.Loosened())]);
        Value Shown(Kind kind) => Chance(2) && grouped.Columns.Any(c => c.Kind == kind) ? Leaf(kind, grouped, isExact: false) : Aggregate(kind, scope);
        var order = string.Join(", ", keys.Select(static k => k.Sql).Prepend(Aggregate(Kind.Int, scope).Sql).Select(Directed));
        if (Chance(3))
        {
            return $"SELECT {Outputs(kinds.Select(Shown))}{clauses} ORDER BY {order} LIMIT {Number(1, 4)}{One("", " OFFSET 1")}";
        }

        var partition = keys.Count > 1 && Chance(2) ? $"PARTITION BY {keys[0].Sql} " : "";
        var window = $"({partition}ORDER BY {order}{One("", " ROWS BETWEEN 1 PRECEDING AND CURRENT ROW")})";
        string X() => Exact(Kind.Int, new Scope(columns)).Sql;
        Value Over(Kind kind) => kind != Kind.Int ? Shown(kind) : new(
            One($"(sum(count(*)) OVER {window})::int", $"(rank() OVER {window})::int", $"lag(max({X()})) OVER {window}", $"(row_number() OVER {window} - count({X()}))::int", $"(avg(sum({X()})) OVER {window})::int"),
            kind);
        return $"SELECT {(Chance(5) ? "DISTINCT " : "")}{Outputs(kinds.Select(Over))}{clauses}";
    }

    private string HavingSubquery(int depth) => depth < 1 || !Spend() ? "count(*) > 1" : $"count(*) >= {ScalarSubquery(Kind.Int, Scope.Empty, depth).Sql}";

    /// <summary>A key is no constant: those count as positions in the select list.</summary>
    private Value? GroupKey(Scope scope, IReadOnlyList<Value> columns)
    {
        var groupable = columns.Where(static c => c.Kind != Kind.RawJson).ToList();
        if (groupable.Count == 0)
        {
            return null;
        }

        var column = Any(groupable);
        return column.Kind switch
        {
            Kind.Int when Chance(3) => new($"{column.Sql} % 3", Kind.Int),
            Kind.Text when Chance(4) && !column.IsLoose => new($"upper({column.Sql})", Kind.Text),
            Kind.Time when Chance(2) => new($"date_trunc('hour', {column.Sql})", Kind.Time),
            _ => column,
        };
    }

    private string GroupBy(List<Value> keys)
    {
        if (keys.Count == 0)
        {
            return "";
        }

        var list = List(keys);
        if (!Chance(5))
        {
            return $" GROUP BY {(Chance(15) ? "DISTINCT " : "")}{list}";
        }
        return " GROUP BY " + One($"ROLLUP ({list})", $"CUBE ({list})", $"GROUPING SETS (({list}), ({keys[0].Sql}), ())");
    }

    /// <summary>An aggregate of a type over what the scope has.</summary>
    private Value Aggregate(Kind kind, Scope scope)
    {
        var own = new Scope(scope.Columns);
        var call = AggregateCall(kind, own);
        if (Chance(5) && call.Sql.EndsWith(')'))
        {
            call = call with { Sql = $"{call.Sql} FILTER (WHERE {Condition(own, 0)})" };
        }

        return kind is Kind.Int or Kind.Money ? call with { Sql = $"({call.Sql}){(kind == Kind.Int ? "::int" : "::numeric(8,2)")}" } : call;
    }

    private Value AggregateCall(Kind kind, Scope scope)
    {
        string X(Kind k) => Exact(k, scope).Sql;
        var order = string.Join(", ", Order(scope.Columns, least: 0).Select(Directed));
        var orderBy = order.Length == 0 ? "" : " ORDER BY " + order;
        switch (kind)
        {
            case Kind.Int:
                return new(
                    One(
                        "count(*)", "count(*)", $"count({X(Any(OutputKinds))})", $"sum({X(Kind.Int)})", $"max({X(Kind.Int)})", $"min({X(Kind.Int)})", $"count(DISTINCT {X(Kind.Int)})",
                        $"sum(DISTINCT {X(Kind.Int)})", $"percentile_disc(0.5) WITHIN GROUP (ORDER BY {X(Kind.Int)})",
                        $"mode() WITHIN GROUP (ORDER BY {X(Kind.Int)})", $"rank(2) WITHIN GROUP (ORDER BY {X(Kind.Int)})",
                        $"bit_or({X(Kind.Int)})"),
                    kind);
            case Kind.Text:
                return new(
                    One($"min({X(kind)})", $"max({X(kind)})", $"string_agg({X(kind)}, ','{orderBy})", $"string_agg(DISTINCT {X(kind)}, ',')", $"sum({X(Kind.Number)})::text"), kind);
            case Kind.Number:
                return One("sum", "avg", "min", "stddev", "avg int") switch
                {
                    "min" => new($"{One("min", "max")}({X(kind)})", kind, IsLoose: true),
                    "avg int" => new($"avg({X(Kind.Int)})", kind),
                    "stddev" => new($"{One("stddev", "var_pop")}({X(Kind.Int)})", kind),
                    var name => new($"{name}({X(Any([kind, kind, Kind.Money]))})", kind),
                };
            case Kind.Money:
                return new(One($"sum({X(kind)})", $"max({X(kind)})"), kind, IsLoose: true);
            case Kind.Float when IsOpen:
                return new(One($"sum({X(kind)} * 0.1)", $"avg({X(kind)} / 3)", $"stddev({X(kind)} * 0.1)", $"max({X(kind)})"), kind, IsLoose: true);
            case Kind.Float:
                return new(One($"sum({X(kind)})", $"avg({X(kind)})", $"max({X(kind)})"), kind, IsLoose: true);
            case Kind.Bool:
                return new(One($"bool_and({X(kind)})", $"bool_or({X(kind)})", $"count({X(Kind.Int)}) > 1"), kind);
            case Kind.Array:
                return new($"array_agg({X(Kind.Int)}{orderBy})", kind);
            case Kind.Json:
                return new(
                    One($"jsonb_agg({X(Kind.Int)}{orderBy})", $"jsonb_object_agg(COALESCE({X(Kind.Text)}, ''), {X(Kind.Int)}{orderBy})"), kind);
            case Kind.Range:
                return new($"(array_agg({X(kind)}{orderBy}))[1]", kind);
            case Kind.Code or Kind.Time or Kind.Day or Kind.Mood or Kind.Span:
                return new($"{One("min", "max")}({X(kind)})", kind, Value.HasEqualTwins(kind));
            default:
                return Literal(kind);
        }
    }

    private string Windowed(List<Kind> kinds, Scope outer, int depth)
    {
        var (from, columns) = From(outer, depth, mustOrder: true);
        var scope = new Scope(columns, outer);
        Choose(kinds, columns);
        var windows = Some(1, 3, () => WindowOf(columns)).ToList();
        var outputs = kinds.Select(k => Chance(2) ? Expression(k, scope, 0) : WindowCall(k, scope, Any(windows)));
        return $"SELECT {Outputs(outputs)}{Clause(from)}{Where(scope, depth)}";
    }

    private string WindowOf(IReadOnlyList<Value> columns)
    {
        var partition = Chance(3) || columns.Count == 0 ? "" : $"PARTITION BY {List(Some(1, 3, () => Any(columns)))} ";
        var order = "ORDER BY " + string.Join(", ", Order(columns, least: 0).Select(Directed).DefaultIfEmpty("1"));
        var bounds = One(
            "UNBOUNDED PRECEDING AND CURRENT ROW", "1 PRECEDING AND 1 FOLLOWING", "CURRENT ROW AND UNBOUNDED FOLLOWING", "2 PRECEDING AND 1 PRECEDING",
            "UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING");
        var frame = _random.Next(4) switch
        {
            0 => $" ROWS BETWEEN {bounds}{One("", " EXCLUDE CURRENT ROW", " EXCLUDE TIES", " EXCLUDE GROUP")}",
            1 => $" GROUPS BETWEEN {bounds}",
            2 => " RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
            _ => "",
        };
        return $"({partition}{order}{frame})";
    }

    private Value WindowCall(Kind kind, Scope scope, string window)
    {
        var own = new Scope(scope.Columns);
        string X(Kind k) => Exact(k, own).Sql;
        // A frame decides which of equal values is shown, ROWS ones among equal rows.
        return kind switch
        {
            Kind.Int => new(
                One(
                    $"(row_number() OVER {window})::int", $"(rank() OVER {window})::int", $"(dense_rank() OVER {window})::int", $"(count(*) OVER {window})::int", $"(sum({X(kind)}) OVER {window})::int",
                    $"ntile(3) OVER {window}", $"lag({X(kind)}) OVER {window}", $"lead({X(kind)}, 2, 7) OVER {window}", $"first_value({X(kind)}) OVER {window}",
                    $"last_value({X(kind)}) OVER {window}", $"nth_value({X(kind)}, 2) OVER {window}", $"(count(*) FILTER (WHERE {Condition(own, 0)}) OVER {window})::int"),
                kind),
            Kind.Number => new(One($"sum({X(kind)}) OVER {window}", $"avg({X(Kind.Int)}) OVER {window}", $"max({X(kind)}) OVER {window}"), kind, IsLoose: true),
            Kind.Float => new(One($"percent_rank() OVER {window}", $"cume_dist() OVER {window}"), kind),
            Kind.Bool or Kind.Array or Kind.RawJson or Kind.Folded => Leaf(kind, own, isExact: false),
            _ => new($"{One("lag", "first_value", "last_value")}({X(kind)}) OVER {window}", kind, Value.HasEqualTwins(kind)),
        };
    }

    /// <summary>A set-returning function in the select list: rows are multiplied, and the row vanishes where it yields none.</summary>
    private string RowSets(List<Kind> kinds, Scope outer, int depth)
    {
        var (from, columns) = From(outer, depth);
        Choose(kinds, columns);
        var place = kinds.IndexOf(Kind.Int);
        var scope = new Scope(columns, outer);

        var outputs = kinds.Select((k, i) => i != place
            ? Leaf(k, scope, isExact: false)
            : new Value(One($"generate_series(1, LEAST({Exact(Kind.Int, scope).Sql}, 3))", $"unnest({Exact(Kind.Array, scope).Sql})"), Kind.Int));
        return $"SELECT {Outputs(outputs)}{Clause(from)}{Where(scope, depth)}";
    }
}
