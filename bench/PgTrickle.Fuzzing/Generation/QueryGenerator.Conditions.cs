namespace PgTrickle.Fuzzing.Generation;

/// <summary>Conditions, and sub-selects in them and in expressions.</summary>
internal sealed partial class QueryGenerator
{
    private string Where(Scope scope, int depth)
    {
        var conditions = Some(0, Chance(2) ? 2 : 3, () => Condition(scope, depth)).ToList();
        return conditions.Count == 0 ? "" : " WHERE " + string.Join(" AND ", conditions);
    }

    private string Condition(Scope scope, int depth) => _random.Next(15) switch
    {
        14 => RowComparison(scope),
        0 => $"({Condition(scope, depth - 1)} OR {Condition(scope, depth - 1)})",
        1 => $"NOT ({Condition(scope, depth - 1)})",
        2 or 3 or 4 when depth > 0 && Spend() => SubqueryCondition(scope, depth),
        5 => $"{Leaf(Any(OutputKinds), scope, isExact: false).Sql} IS {One("", "NOT ")}NULL",
        6 => TimeCondition(scope),
        7 when depth > 0 && Chance(2) && Spend() => $"(({SubqueryCondition(scope, depth)}) {One("OR", "IS NOT DISTINCT FROM", "<>")} ({Comparison(scope)}))",
        _ => Comparison(scope),
    };

    private string Comparison(Scope scope)
    {
        var hasInt = scope.Columns.Any(static c => c.Kind == Kind.Int);
        switch (_random.Next(8))
        {
            case 0 when hasInt:
                return $"{Exact(Kind.Int, scope).Sql} IN ({Number(0, 2)}, {Number(1, 4)})";
            case 1 when hasInt:
                return $"{Exact(Kind.Int, scope).Sql} BETWEEN {Number(0, 2)} AND {Number(1, 4)}";
            case 2 when scope.Columns.Any(static c => c is { Kind: Kind.Text, IsLoose: false }):
                return $"{Exact(Kind.Text, scope).Sql} {One("LIKE", "NOT LIKE")} {One("'a%'", "'%b%'", "'_'")}";
            case 3 when scope.Columns.Any(static c => c.Kind == Kind.Bool):
                return Leaf(Kind.Bool, scope, isExact: false).Sql;
            case 4:
                var distinct = Any(OutputKinds);
                return $"{Leaf(distinct, scope, isExact: false).Sql} IS {One("", "NOT ")}DISTINCT FROM {Leaf(distinct, scope, isExact: false).Sql}";
            default:
                var columns = scope.Columns.Where(static c => Value.HasOrder(c.Kind) && c.Kind != Kind.Bool).ToList();
                var left = columns.Count == 0 ? Literal(Kind.Int) : Any(columns);
                var right = Chance(2) ? Literal(left.Kind) : Leaf(left.Kind, scope, isExact: false);
                return $"{left.Sql} {One("=", "=", "<>", "<", ">=", ">")} {right.Sql}";
        }
    }

    private string TimeCondition(Scope scope)
    {
        if (!scope.Columns.Any(static c => c.Kind == Kind.Time))
        {
            return Comparison(scope);
        }
        return $"{Leaf(Kind.Time, scope, isExact: false).Sql} {One("<", ">=", ">", "<=")} now(){One("", " - interval '1 second'", " + interval '1 second'")}";
    }

    private string SubqueryCondition(Scope scope, int depth)
    {
        switch (_random.Next(12))
        {
            case 8 or 9:
                return RowSubquery(scope, depth);
            case 10:
                return $"{Exact(Kind.Int, scope).Sql} = ANY ({ArraySubquery(scope, depth)})";
            case 0 or 1:
                var not = One("", "NOT ");
                return $"{not}EXISTS ({Body([Kind.Int], scope, depth - 1)})";
            case 2 or 3:
                var negated = One("", "NOT ");
                var kind = One("Int", "Int", "Text") == "Int" ? Kind.Int : Kind.Text;
                return $"{Exact(kind, scope).Sql} {negated}IN ({Body([kind], Chance(3) ? scope : Scope.Empty, depth - 1)})";
            case 4:
                var several = One("", "NOT ");
                return $"({Exact(Kind.Int, scope).Sql}, {Exact(Kind.Text, scope).Sql}) {several}IN ({Body([Kind.Int, Kind.Text], Scope.Empty, depth - 1)})";
            case 5 or 11:
                var quantifier = One("ANY", "ALL");
                return $"{Exact(Kind.Int, scope).Sql} {One("=", "<", ">=", "<>")} {quantifier} ({Body([Kind.Int], Chance(3) ? scope : Scope.Empty, depth - 1)})";
            default:
                var scalar = Any([Kind.Int, Kind.Int, Kind.Number, Kind.Text]);
                return $"{Leaf(scalar, scope, isExact: false).Sql} {One("=", "<", ">", "<>")} {ScalarSubquery(scalar, scope, depth).Sql}";
        }
    }

    /// <summary>One row at most, by an aggregate or LIMIT 1; sometimes not, so that it fails where it should.</summary>
    private Value ScalarSubquery(Kind kind, Scope scope, int depth)
    {
        var outer = Chance(2) ? scope : Scope.Empty;
        var (from, columns) = From(outer, depth - 1, mustOrder: true);
        var inner = new Scope(columns, outer);
        var correlation = Chance(2) ? $" AND {Exact(Kind.Int, inner).Sql} = {Exact(Kind.Int, scope).Sql}" : "";
        var where = $" WHERE {Condition(inner, depth - 1)}{correlation}";
        var inside = Expression(kind, inner, 0);
        if (kind is Kind.Int or Kind.Text or Kind.Number or Kind.Money or Kind.Float or Kind.Time or Kind.Day or Kind.Mood or Kind.Span && !Chance(3))
        {
            return new($"(SELECT {One("min", "max")}({inside.Sql}) FROM {from}{where})", kind, Value.HasEqualTwins(kind));
        }

        if (kind is Kind.Json or Kind.Array)
        {
            // What PostgreSQL's manual says to work usually, and queries rely on: the order of the sub-select.
            var sorted = string.Join(", ", Order(columns, least: 1).Select(Directed));
            var gathered = kind == Kind.Json ? One("jsonb_agg(y.c1)", "jsonb_agg(y)") : "array_agg(y.c1)";
            return new($"(SELECT {gathered} FROM (SELECT {Exact(Kind.Int, inner).Sql} AS c1 FROM {from}{where} ORDER BY {sorted}) y)", kind);
        }

        if (Chance(12))
        {
            Note("may fail");
            return new($"(SELECT {inside.Sql} FROM {from}{where})", kind, inside.IsLoose);
        }

        var order = Order(columns, least: 1).Select(Directed);
        return new($"(SELECT {inside.Sql} FROM {from}{where} ORDER BY {string.Join(", ", order)} LIMIT 1)", kind, inside.IsLoose);
    }

    private string CountSubquery(Scope scope, int depth)
    {
        var (from, columns) = From(scope, depth - 1);
        var inner = new Scope(columns, scope);
        return $"(SELECT {One("count(*)::int", "sum(1)::int", $"COALESCE(sum({Exact(Kind.Int, new Scope(columns)).Sql}), 0)::int")} FROM {from} WHERE {Exact(Kind.Int, inner).Sql} = {Exact(Kind.Int, scope).Sql})";
    }

    private string ArraySubquery(Scope scope, int depth)
    {
        if (depth < 1)
        {
            return "ARRAY[1]";
        }
        var (from, columns) = From(Scope.Empty, depth - 1, mustOrder: true);
        var value = Exact(Kind.Int, new Scope(columns)).Sql;
        return $"ARRAY(SELECT {value} FROM {from} WHERE {Exact(Kind.Int, new Scope(columns)).Sql} = {Exact(Kind.Int, scope).Sql} ORDER BY 1)";
    }
}
