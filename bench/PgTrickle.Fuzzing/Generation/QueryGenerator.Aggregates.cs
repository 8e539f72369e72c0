namespace PgTrickle.Fuzzing.Generation;

/// <summary>GROUP BY, set-returning functions in the select list.</summary>
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
        var groupBy = GroupBy(keys);
        string Grouping() => $"GROUPING({List(Shuffled(keys).Take(_random.Next(1, keys.Count + 1)))})";
        var outputs = kinds.Select(k => k == Kind.Int && keys.Count > 0 && Chance(groupBy.Contains('(', StringComparison.Ordinal) ? 3 : 15) ? new(Grouping(), k)
            : Chance(3) && grouped.Columns.Any(c => c.Kind == k) ? Leaf(k, grouped, isExact: false) : Aggregate(k, scope));
        var having = "";
        if (keys.Count > 0 && Chance(12))
        {
            having = $" HAVING {Grouping()} {One("=", "<")} {Number(0, 2)} OR count(*) > 1";
        }
        else
        if (Chance(5))
        {
            having = $" HAVING {One($"count(*) > {Number(0, 2)}", $"sum({Exact(Kind.Int, new Scope(columns)).Sql}) >= {Number(0, 3)}", $"{Aggregate(Kind.Int, scope).Sql} IS NOT NULL", HavingSubquery(depth))}";
        }

        var sql = $"SELECT {Outputs(outputs)}{Clause(from)}{Where(scope, depth)}{groupBy}{having}";
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
        var groupable = columns.Where(static c => Value.HasOrder(c.Kind)).ToList();
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
            Kind.Pair when Chance(2) => new($"({column.Sql}).x", Kind.Int),
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

        return " GROUP BY " + One(
            $"ROLLUP ({list})", $"CUBE ({list})", $"GROUPING SETS (({list}), ({keys[0].Sql}), ())", $"{keys[0].Sql}, ROLLUP ({list})", $"GROUPING SETS (ROLLUP ({list}), ({keys[^1].Sql}))",
            $"DISTINCT ROLLUP ({list}), CUBE ({keys[0].Sql})");
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
                        $"mode() WITHIN GROUP (ORDER BY {X(Kind.Int)})", $"{One("rank", "dense_rank")}(2) WITHIN GROUP (ORDER BY {X(Kind.Int)})",
                        $"rank(1, 'b') WITHIN GROUP (ORDER BY {X(Kind.Int)} DESC, {X(Kind.Text)})", $"fuzz.total({One("", "DISTINCT ")}{X(Kind.Int)})",
                        $"fuzz.middle(0.3) WITHIN GROUP (ORDER BY {X(Kind.Int)})", $"upper(range_agg({X(Kind.Range)})) + 0", $"bit_or({X(Kind.Int)})", WholeRowCount(scope)),
                    kind);
            case Kind.Text:
                return new(
                    One($"min({X(kind)})", $"max({X(kind)})", $"string_agg({X(kind)}, ','{orderBy})", $"string_agg(DISTINCT {X(kind)}, ',')", $"fuzz.listed({X(kind)}{orderBy})", $"sum({X(Kind.Number)})::text"), kind);
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
                return new(One($"sum({X(kind)})", $"avg({X(kind)})", $"max({X(kind)})", $"{One("percent_rank", "cume_dist")}(2) WITHIN GROUP (ORDER BY {X(Kind.Int)})"), kind, IsLoose: true);
            case Kind.Bool:
                return new(One($"bool_and({X(kind)})", $"bool_or({X(kind)})", $"count({X(Kind.Int)}) > 1"), kind);
            case Kind.Array:
                return new(One($"array_agg({X(Kind.Int)}{orderBy})", $"fuzz.collected({X(Kind.Int)}{orderBy})"), kind);
            case Kind.Json:
                return new(
                    One(_version >= 16 ? $"JSON_ARRAYAGG({X(Kind.Int)}{orderBy} NULL ON NULL RETURNING jsonb)" : "jsonb_agg(1)", $"jsonb_agg({X(Kind.Int)}{orderBy})", $"jsonb_object_agg(COALESCE({X(Kind.Text)}, ''), {X(Kind.Int)}{orderBy})"), kind);
            case Kind.Range or Kind.Pair or Kind.Bytes or Kind.Bits:
                return new($"(array_agg({X(kind)}{orderBy}))[1]", kind);
            case Kind.Ranges:
                return new($"range_agg({X(Kind.Range)})", kind);
            case Kind.Address or Kind.Hour or Kind.Code or Kind.Time or Kind.Day or Kind.Mood or Kind.Span:
                return new($"{One("min", "max")}({X(kind)})", kind, Value.HasEqualTwins(kind));
            default:
                return Literal(kind);
        }
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
