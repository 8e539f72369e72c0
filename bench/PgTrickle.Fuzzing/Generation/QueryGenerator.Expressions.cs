namespace PgTrickle.Fuzzing.Generation;

/// <summary>Expressions of every type.</summary>
internal sealed partial class QueryGenerator
{
    /// <param name="kind">The type.</param>
    /// <param name="scope">What it may refer to.</param>
    /// <param name="depth">How deep sub-selects may nest.</param>
    /// <param name="isExact">Whether what is made of it would tell equal values apart.</param>
    private Value Expression(Kind kind, Scope scope, int depth, bool isExact = false)
    {
        if (Value.HasOrder(kind) && kind != Kind.Folded && !(isExact && Value.HasEqualTwins(kind)) && depth > 0 && Chance(12) && Spend())
        {
            return ScalarSubquery(kind, scope, depth);
        }

        var leaf = Leaf(kind, scope, isExact);
        return _random.Next(10) switch
        {
            < 5 => leaf,
            5 => leaf with { Sql = $"COALESCE({leaf.Sql}, {Literal(kind).Sql})" },
            6 => Case(kind, scope, depth, isExact),
            _ => Compound(kind, scope, depth),
        };
    }

    private Value Case(Kind kind, Scope scope, int depth, bool isExact)
    {
        var (yes, no) = (Leaf(kind, scope, isExact), Leaf(kind, scope, isExact));
        return new($"CASE WHEN {(depth > 0 && Chance(3) && Spend() ? SubqueryCondition(scope, depth) : Condition(scope, depth - 1))} THEN {yes.Sql} ELSE {no.Sql} END", kind, yes.IsLoose || no.IsLoose);
    }

    /// <summary>A column, of a query further out now and then; a literal if there is none.</summary>
    private Value Leaf(Kind kind, Scope scope, bool isExact)
    {
        var own = scope.Columns.Where(c => c.Kind == kind && (!isExact || IsOpen || !c.IsLoose)).ToList();
        if (scope.Outer is { } outer && (own.Count == 0 || Chance(5)) && outer.Columns.Any(c => c.Kind == kind))
        {
            Note("correlated");
            return Leaf(kind, outer, isExact);
        }

        return own.Count == 0 || Chance(_style == QueryStyle.Dense ? 5 : 12) ? Literal(kind) : Any(own);
    }

    private Value Exact(Kind kind, Scope scope) => Leaf(kind, scope, isExact: true);

    private Value Literal(Kind kind) => new(
        kind switch
        {
            Kind.Int => One(Number(0, 4), Number(0, 4), "NULL::int"),
            Kind.Text => One("'a'", "'b'", "'x'") + "::text",
            Kind.Number => One("1.0", "2.50", "0.125", "NULL::numeric"),
            Kind.Money => One("1.00", "2.50", "99.99") + "::numeric(8,2)",
            Kind.Float => One("1.5::float8", "'-0'::float8", "'NaN'::float8"),
            Kind.Bool => One("true", "false", "NULL::bool"),
            Kind.Time => "timestamptz '2026-03-01 12:00+00'",
            Kind.Day => "date '2026-03-01'",
            Kind.Span => One("interval '1 mon'", "interval '30 days'"),
            Kind.Code => "'a'::char(4)",
            Kind.Mood => "'ok'::fuzz.mood",
            Kind.Json => One("'{\"a\": 1}'", "'[]'") + "::jsonb",
            Kind.RawJson => "'{}'::json",
            Kind.Xml => One("'<a/>'::xml", "'<a></a>'::xml"),
            Kind.Point => "'(1,2)'::point",
            Kind.Array => One("ARRAY[1, 2]", "'{}'::int[]", "NULL::int[]"),
            Kind.Range => "int4range(1, 4)",
            Kind.Bytes => @"'\x61'::bytea",
            Kind.Address => "'10.0.0.1'::inet",
            Kind.Hour => "'12:00+00'::timetz",
            Kind.Bits => "'00'::varbit",
            Kind.Ranges => "'{[1,3)}'::int4multirange",
            Kind.Pair => One("ROW(1, 'a')", "ROW(NULL, 'b')") + "::fuzz.pair",
            _ => "'a'::text COLLATE fuzz.folded",
        },
        kind);

    private Value Compound(Kind kind, Scope scope, int depth) => kind switch
    {
        Kind.Int => new(IntCompound(scope, depth), kind),
        Kind.Text => new(TextCompound(scope), kind),
        Kind.Number => new(
            One(
                $"{Exact(Kind.Number, scope).Sql} * 2", $"{Exact(Kind.Number, scope).Sql} + {Exact(Kind.Money, scope).Sql}", $"round({Exact(Kind.Number, scope).Sql}, 1)",
                $"{Exact(Kind.Number, scope).Sql} / NULLIF({Exact(Kind.Int, scope).Sql}, 0)", $"{Exact(Kind.Int, scope).Sql}::numeric"),
            kind),
        Kind.Money => new(One($"({Exact(kind, scope).Sql} * 2)::numeric(8,2)", $"({Exact(kind, scope).Sql} + 1)::numeric(8,2)"), kind),
        Kind.Float => new(One($"{Exact(kind, scope).Sql} * 2", $"{Exact(Kind.Int, scope).Sql}::float8"), kind),
        Kind.Bool => new($"({(depth > 0 && Chance(2) && Spend() ? SubqueryCondition(scope, depth) : Condition(scope, depth - 1))})", kind),
        Kind.Time => TimeCompound(scope),
        Kind.Day => TimeCompound(scope, Kind.Day),
        Kind.Span => new($"{Exact(kind, scope).Sql} + interval '1 hour'", kind),
        Kind.Json when Chance(4) && WholeRow(scope) is { } row => new($"to_jsonb({row})", kind),
        Kind.Json => new(One($"{Exact(kind, scope).Sql} -> 'a'", $"to_jsonb({Exact(Kind.Int, scope).Sql})", $"jsonb_build_object('k', {Exact(Kind.Text, scope).Sql})"), kind),
        Kind.Array => new(One($"{Exact(kind, scope).Sql} || {Exact(Kind.Int, scope).Sql}", $"ARRAY[{Exact(Kind.Int, scope).Sql}, {Exact(Kind.Int, scope).Sql}]", ArraySubquery(scope, depth), depth > 0 ? ScalarSubquery(kind, scope, depth).Sql : "'{}'::int[]"), kind),
        Kind.Range => new($"{Exact(kind, scope).Sql} * int4range(1, 4)", kind),
        Kind.Bytes => new($"{Exact(kind, scope).Sql} || {Exact(kind, scope).Sql}", kind),
        Kind.Hour => new($"{Exact(kind, scope).Sql} + interval '1 hour'", kind),
        Kind.Ranges => new($"{Exact(kind, scope).Sql} + int4multirange({Exact(Kind.Range, scope).Sql})", kind),
        Kind.Xml => new($"xmlelement(name n, {Exact(Kind.Int, scope).Sql}, {Leaf(kind, scope, isExact: false).Sql})", kind),
        Kind.Point => new($"{Leaf(kind, scope, isExact: false).Sql} + point(1, {Exact(Kind.Int, scope).Sql})", kind),
        Kind.Pair => new($"ROW({Exact(Kind.Int, scope).Sql}, {Exact(Kind.Text, scope).Sql})::fuzz.pair", kind),
        _ => Leaf(kind, scope, isExact: true),
    };

    /// <remarks>JSON_VALUE of NULL is what ON EMPTY says if the row before was empty (PostgreSQL 17 and 18): its result would depend on the order of rows.</remarks>
    private string IntCompound(Scope scope, int depth) => _random.Next(18) switch
    {
        13 => $"fuzz.twice({Exact(Kind.Int, scope).Sql})",
        14 => $"fuzz.most({Exact(Kind.Int, scope).Sql}, {Exact(Kind.Int, scope).Sql}, 1)",
        15 => $"(fuzz.halves({Exact(Kind.Int, scope).Sql})).upper",
        16 => $"({Exact(Kind.Pair, scope).Sql}).x",
        17 when _version >= 17 => $"JSON_VALUE(COALESCE({Exact(Kind.Json, scope).Sql}, 'null'), {One("'$.a'", "'lax $[1]'")} RETURNING int{One("", " DEFAULT 5 ON EMPTY")} NULL ON ERROR)",
        0 => $"{Exact(Kind.Int, scope).Sql} + {Exact(Kind.Int, scope).Sql}",
        1 => $"{Exact(Kind.Int, scope).Sql} * 2 - 1",
        2 => $"length({Exact(Kind.Text, scope).Sql})",
        3 => $"abs({Exact(Kind.Int, scope).Sql}) % 3",
        4 => $"NULLIF({Exact(Kind.Int, scope).Sql}, {Number(0, 3)})",
        5 => One($"extract(day FROM {Exact(Kind.Day, scope).Sql})::int", $"date_part('hour', {Exact(Kind.Time, scope).Sql})::int"),
        6 => $"GREATEST({Exact(Kind.Int, scope).Sql}, {Exact(Kind.Int, scope).Sql})",
        7 => $"cardinality({Exact(Kind.Array, scope).Sql})",
        8 => $"CASE {Exact(Kind.Int, scope).Sql} WHEN 1 THEN 10 WHEN 2 THEN 20 END",
        9 => Divided(scope),
        10 when depth > 0 && Spend() => CountSubquery(scope, depth),
        11 => $"upper({Exact(Kind.Range, scope).Sql})",
        _ => $"({Exact(Kind.Mood, scope).Sql} = 'ok')::int",
    };

    /// <summary>Divides by what may be zero: the refresh fails where the query does, and recovers.</summary>
    private string Divided(Scope scope)
    {
        Note("may fail");
        return $"12 / {Exact(Kind.Int, scope).Sql}";
    }

    private string TextCompound(Scope scope) => _random.Next(15) switch
    {
        9 => $"fuzz.tag({Exact(Kind.Text, scope).Sql})",
        10 or 14 => $"({Exact(Kind.Text, scope).Sql} OPERATOR(fuzz.<+>) {Exact(Kind.Int, scope).Sql})",
        11 => $"({Exact(Kind.Pair, scope).Sql}).y",
        12 or 13 when WholeRow(scope) is { } row => $"{row}::text",
        0 => $"upper({Exact(Kind.Text, scope).Sql})",
        1 => $"{Exact(Kind.Text, scope).Sql} || '-' || {Exact(Kind.Text, scope).Sql}",
        2 => $"left({Exact(Kind.Text, scope).Sql}, 1)",
        3 => $"{Exact(Kind.Number, scope).Sql}::text",
        4 => $"to_char({Exact(Kind.Day, scope).Sql}, 'YYYY-MM')",
        5 => $"concat({Exact(Kind.Text, scope).Sql}, {Exact(Kind.Int, scope).Sql})",
        6 => $"{Exact(Kind.Mood, scope).Sql}::text",
        7 => $"substring({Exact(Kind.Text, scope).Sql} FROM 1 FOR 1)",
        _ => $"{Exact(Kind.Json, scope).Sql} ->> 'a'",
    };

    private Value TimeCompound(Scope scope, Kind kind = Kind.Time)
    {
        if (Chance(3))
        {
            return new(kind == Kind.Time ? "date_trunc('second', now())" : "CURRENT_DATE", kind);
        }

        return new(
            kind == Kind.Time
                ? One($"{Exact(kind, scope).Sql} + interval '1 hour'", $"date_trunc('hour', {Exact(kind, scope).Sql})")
                : One($"{Exact(kind, scope).Sql} + 1", $"({Exact(Kind.Time, scope).Sql} AT TIME ZONE 'UTC')::date"),
            kind);
    }
}
