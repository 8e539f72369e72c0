namespace PgTrickle.Fuzzing.Generation;

/// <summary>FROM: tables, views, sub-selects, functions, VALUES, WITH queries; joined in every way.</summary>
internal sealed partial class QueryGenerator
{
    /// <param name="outer">What LATERAL items may also see.</param>
    /// <param name="depth">How deep sub-selects may still nest.</param>
    /// <param name="mustOrder">Leave out columns that have no order.</param>
    private (string Sql, IReadOnlyList<Value> Columns) From(Scope outer, int depth, bool mustOrder = false)
    {
        var (sql, columns) = Item(outer, depth, mustOrder);
        for (var joins = _random.Next(0, depth > 1 ? 4 : 2); joins > 0 && Spend(); joins--)
        {
            (sql, columns) = Chance(5) ? Lateral(sql, columns, outer, depth, mustOrder) : Joined(sql, columns, outer, depth, mustOrder);
        }

        return (sql, columns);
    }

    private (string, IReadOnlyList<Value>) Joined(string left, IReadOnlyList<Value> columns, Scope outer, int depth, bool mustOrder)
    {
        var (right, more) = Item(outer, depth - 1, mustOrder);
        var kind = One("JOIN", "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", "NATURAL", "USING");
        if (kind is "NATURAL" or "USING")
        {
            kind = "JOIN";
            // Both sides renamed to one shared key: the merged column has no qualifier.
            var (l, r) = (columns.FirstOrDefault(static c => c.Kind == Kind.Int), more.FirstOrDefault(static c => c.Kind == Kind.Int));
            if (l is not null && r is not null && Chance(2))
            {
                return Merged(left, l, right, r, columns, more);
            }
        }
        if (kind == "CROSS JOIN")
        {
            return ($"({left} CROSS JOIN {right})", [.. columns, .. more]);
        }

        return ($"({left} {kind} {right} ON {On(columns, more, outer, kind == "FULL JOIN", depth)})", [.. columns, .. more]);
    }

    private (string, IReadOnlyList<Value>) Merged(string left, Value l, string right, Value r, IReadOnlyList<Value> columns, IReadOnlyList<Value> more)
    {
        var (a, b) = (Name("u"), Name("u"));
        var rest = Any(columns);
        var other = Any(more);
        var join = One("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN");
        var isNatural = Chance(2);
        var (restName, otherName) = (Name("z"), Name("z"));
        var sql = $"(SELECT {l.Sql} AS {a}k, {rest.Sql} AS {restName} FROM {left}) {a} {(isNatural ? "NATURAL " : "")}{join} "
            + $"(SELECT {r.Sql} AS {a}k, {other.Sql} AS {otherName} FROM {right}) {b}{(isNatural ? "" : $" USING ({a}k)")}";
        return ($"({sql})", Ordered(
            [new($"{a}k", Kind.Int), rest with { Sql = $"{a}.{restName}" }, other with { Sql = $"{b}.{otherName}" }], !Value.HasOrder(rest.Kind) || !Value.HasOrder(other.Kind)));
    }

    private static IReadOnlyList<Value> Ordered(IReadOnlyList<Value> columns, bool mustOrder)
        => mustOrder ? [.. columns.Where(static c => Value.HasOrder(c.Kind))] : columns;

    private (string, IReadOnlyList<Value>) Lateral(string left, IReadOnlyList<Value> columns, Scope outer, int depth, bool mustOrder)
    {
        var alias = Name("l");
        var scope = new Scope(columns, outer);
        var join = One("CROSS JOIN", "LEFT JOIN", "JOIN");
        var on = join == "CROSS JOIN" ? "" : Chance(8) ? $" ON {TimeCondition(scope)}" : " ON true";
        if (Chance(2))
        {
            var (function, more) = Function(scope, alias);
            return ($"({left} {join} LATERAL {function}{on})", Ordered([.. columns, .. more], mustOrder));
        }

        var kinds = new List<Kind>();
        var body = Chance(3) ? Parts(kinds, scope) : Body(kinds, scope, Math.Max(depth - 1, 0));
        return ($"({left} {join} LATERAL ({body}) {alias}{on})", Ordered([.. columns, .. Columns(alias, kinds)], mustOrder));
    }

    /// <summary>Two parts that each refer to the row, so that no one set of related rows stands for both.</summary>
    private string Parts(List<Kind> kinds, Scope row)
    {
        string Part()
        {
            var (from, columns) = From(Scope.Empty, 0);
            var own = new Scope(columns);
            Choose(kinds, columns);
            return $"SELECT {Outputs(kinds.Select(k => Expression(k, new Scope(columns, row), 0)))}{Clause(from)} WHERE {Exact(Kind.Int, own).Sql} {One("=", "=", ">")} {Exact(Kind.Int, row).Sql}";
        }

        Note("correlated");
        return $"({Part()}) {One("UNION ALL", "UNION ALL", "UNION", "INTERSECT ALL", "EXCEPT")} ({Part()})";
    }

    private (string Sql, IReadOnlyList<Value> Columns) Item(Scope outer, int depth, bool mustOrder)
    {
        var alias = Name("x");
        switch (_random.Next(18))
        {
            case 0 or 1 when depth > 0 && Spend():
                var kinds = new List<Kind>();
                var body = Body(kinds, Scope.Empty, depth - 1);
                _rows[alias] = kinds.Count;
                return ($"({body}) {alias}", Columns(alias, kinds));
            case 2 when Chance(3) && Spend():
                return Function(Scope.Empty, alias) is var (function, columns) ? (function, columns) : default;
            case 3:
                return ($"(VALUES ({Number(0, 3)}, 'a'), ({Number(0, 3)}, 'b'), (NULL, 'c')) {alias}(c1, c2)", [new($"{alias}.c1", Kind.Int), new($"{alias}.c2", Kind.Text)]);
            case < 9 when _common.Count > 0:
                var (name, common) = Any(_common);
                _rows[alias] = common.Count;
                return ($"{name} {alias}", Columns(alias, common));
            case 9:
                var view = One("fuzz.va", "fuzz.vb", "fuzz.vc", "fuzz.vd");
                _rows[alias] = FuzzSchema.Relations[view].Length;
                return ($"{view} {alias}", [.. FuzzSchema.Relations[view].Select(c => c with { Sql = $"{alias}.{c.Sql}" })]);
            default:
                var table = One("fuzz.a", "fuzz.a", "fuzz.b", "fuzz.b", "fuzz.c", "fuzz.e", "fuzz.h", "fuzz.p", "fuzz.o", "fuzz.r", "fuzz.\"Odd Table\"", "fuzz.i", "fuzz.i", "fuzz.i1");
                _rows[alias] = FuzzSchema.Relations[table].Length;
                var only = table is "fuzz.i" or "fuzz.i1" or "fuzz.p" && Chance(table == "fuzz.p" ? 30 : 2) ? "ONLY " : "";
                return ($"{only}{table} {alias}", Ordered([.. FuzzSchema.Relations[table].Select(c => c with { Sql = $"{alias}.{c.Sql}" })], mustOrder));
        }
    }

    /// <summary>A set-returning function; over columns of the scope if there are any.</summary>
    private (string Sql, IReadOnlyList<Value> Columns) Function(Scope scope, string alias)
    {
        var count = $"LEAST(GREATEST({Expression(Kind.Int, scope, 0, isExact: true).Sql}, 0), 3)";
        var array = Expression(Kind.Array, scope, 0, isExact: true).Sql;
        if (Chance(12))
        {
            Note("function of the clock");
            if (Chance(3))
            {
                return ($"now() {alias}(c1)", [new($"{alias}.c1", Kind.Time)]);
            }

            return ($"generate_series(1, LEAST({count}, extract(second FROM now())::int % 4)) {alias}(c1)", [new($"{alias}.c1", Kind.Int)]);
        }

        switch (_random.Next(_version >= 17 ? 11 : 9))
        {
            case 0:
                return ($"generate_series(1, {count}) {alias}(c1)", [new($"{alias}.c1", Kind.Int)]);
            case 1:
                return ($"unnest({array}) {alias}(c1)", [new($"{alias}.c1", Kind.Int)]);
            case 2:
                return ($"unnest({array}) WITH ORDINALITY {alias}(c1, c2)", [new($"{alias}.c1", Kind.Int), new($"{alias}.c2::int", Kind.Int)]);
            case 3:
                return ($"ROWS FROM (generate_series(1, {count}), unnest({array})) WITH ORDINALITY {alias}(c1, c2, c3)",
                    [new($"{alias}.c1", Kind.Int), new($"{alias}.c2", Kind.Int), new($"{alias}.c3::int", Kind.Int)]);
            case 4:
                return ($"jsonb_each(CASE WHEN jsonb_typeof({Expression(Kind.Json, scope, 0, isExact: true).Sql}) = 'object' THEN jsonb_build_object('p', {count}) END) {alias}(c1, c2)",
                    [new($"{alias}.c1", Kind.Text), new($"{alias}.c2", Kind.Json)]);
            case 6:
                return ($"fuzz.upto({count}) {alias}(c1, c2)", [new($"{alias}.c1", Kind.Int), new($"{alias}.c2", Kind.Text)]);
            case 7:
                return ($"ROWS FROM (fuzz.upto({count}), unnest({array})) WITH ORDINALITY {alias}(c1, c2, c3, c4)",
                    [new($"{alias}.c1", Kind.Int), new($"{alias}.c2", Kind.Text), new($"{alias}.c3", Kind.Int), new($"{alias}.c4::int", Kind.Int)]);
            case 8:
                return ($"XMLTABLE('/r/v' PASSING xmlelement(name r, xmlelement(name v, xmlattributes({Exact(Kind.Text, scope).Sql} AS a), {count}), xmlelement(name v, 7)) "
                    + $"COLUMNS c1 FOR ORDINALITY, c2 int PATH 'text()', c3 text PATH '@a'{One("", " DEFAULT 'none'")}) {alias}",
                    [new($"{alias}.c1", Kind.Int), new($"{alias}.c2", Kind.Int), new($"{alias}.c3", Kind.Text)]);
            case 9:
                return ($"JSON_TABLE({Exact(Kind.Json, scope).Sql}, '$' COLUMNS (c1 int PATH '$.a' {One("NULL", "DEFAULT 3")} ON EMPTY NULL ON ERROR, c2 text EXISTS PATH '$.b', NESTED PATH '$.b[*]' COLUMNS (c3 FOR ORDINALITY, c4 int PATH '$'))) {alias}",
                    [new($"{alias}.c1", Kind.Int), new($"{alias}.c2", Kind.Text), new($"{alias}.c3", Kind.Int), new($"{alias}.c4", Kind.Int)]);
            case 5:
                return ($"XMLTABLE('/r/v' PASSING xmlelement(name r, xmlelement(name v, {count})) COLUMNS c1 int PATH '.') {alias}", [new($"{alias}.c1", Kind.Int)]);
            default:
                return ($"JSON_TABLE(jsonb_build_array({count}, 2), '$[*]' COLUMNS (c1 int PATH '$')) {alias}", [new($"{alias}.c1", Kind.Int)]);
        }
    }

    /// <summary>FULL JOIN takes only what can be merged or hashed.</summary>
    private string On(IReadOnlyList<Value> left, IReadOnlyList<Value> right, Scope outer, bool equalityOnly, int depth)
    {
        var kinds = left.Select(static c => c.Kind).Intersect(right.Select(static c => c.Kind)).Where(static k => Value.HasOrder(k) && k != Kind.Bool).ToList();
        var kind = kinds.Contains(Kind.Int) && !Chance(4) ? Kind.Int : kinds.Count > 0 ? Any(kinds) : Kind.RawJson;
        if (kind == Kind.RawJson)
        {
            return equalityOnly ? "true" : Condition(new Scope([.. left, .. right], outer), 0);
        }

        var (l, r) = (Any([.. left.Where(c => c.Kind == kind)]), Any([.. right.Where(c => c.Kind == kind)]));
        if (Chance(3) && (Mixed(left, right) ?? Mixed(right, left)) is { } mixed)
        {
            (l, r) = mixed;
        }

        if (equalityOnly)
        {
            return $"{l.Sql} = {r.Sql}" + (Chance(5) ? $" AND {Condition(new Scope(Chance(2) ? left : right), 0)}" : Chance(4) ? $" AND {AboutBoth(left, right)}" : "");
        }

        var comparison = One("=", "=", "=", "=", "=", "<", ">=", "<>", "IS NOT DISTINCT FROM");
        var more = _random.Next(7) switch
        {
            3 => $" AND {AboutBoth(left, right)}",
            0 => $" AND {Condition(new Scope(left), 0)}",
            1 => $" AND {Condition(new Scope(right), 0)}",
            2 => $" AND {Condition(new Scope([.. left, .. right], outer), depth - 1)}",
            _ => "",
        };
        return $"{l.Sql} {comparison} {r.Sql}{more}";
    }

    /// <summary>A condition that no side of a join can be asked by itself: a sub-select about both, or the clock.</summary>
    private string AboutBoth(IReadOnlyList<Value> left, IReadOnlyList<Value> right)
    {
        var (l, r) = (Exact(Kind.Int, new Scope(left)).Sql, Exact(Kind.Int, new Scope(right)).Sql);
        if (Chance(4))
        {
            Note("clock about both sides of a join");
            var (from, until) = (Leaf(Kind.Time, new Scope(left), isExact: false).Sql, Leaf(Kind.Time, new Scope(right), isExact: false).Sql);
            return One($"LEAST({from}, {until}) < now()", $"({from} < now()) IS NOT DISTINCT FROM ({until} < now())", $"{from} < now() - interval '1 second' * ({l} - {r})");
        }

        Note("sub-select about both sides of a join");
        var y = Name("y");
        var (table, a, b) = Any<(string, string, string)>([("fuzz.e", "src", "dst"), ("fuzz.b", "k", "a_id"), ("fuzz.i", "k", "id")]);
        return One(
            $"EXISTS (SELECT FROM {table} {y} WHERE {y}.{a} = {l} AND {y}.{b} <= {r})",
            $"NOT EXISTS (SELECT FROM {table} {y} WHERE {y}.{a} = {l} AND {y}.{b} = {r})",
            $"(SELECT count(*) FROM {table} {y} WHERE {y}.{a} = {l} AND {y}.{b} > {r}) < {Number(1, 2)}",
            $"{l} {One("", "NOT ")}IN (SELECT {y}.{a} FROM {table} {y} WHERE {y}.{b} = {r})",
            $"{r} >= ALL (SELECT {y}.{a} FROM {table} {y} WHERE {y}.{b} = {l})",
            $"(SELECT max({y}.{a}) FROM {table} {y} WHERE {y}.{b} BETWEEN {l} AND {r}) IS {One("", "NOT ")}NULL");
    }

    /// <summary>A text and one whose collation takes more for equal, which then is that of the comparison: the former must be a column that has none of its own.</summary>
    private (Value, Value)? Mixed(IReadOnlyList<Value> left, IReadOnlyList<Value> right)
    {
        List<Value> texts = [.. left.Where(static c => c.Kind == Kind.Text && (c.Sql.EndsWith(".t", StringComparison.Ordinal) || c.Sql.EndsWith(".y", StringComparison.Ordinal)))];
        List<Value> folded = [.. right.Where(static c => c.Kind == Kind.Folded)];
        return texts.Count > 0 && folded.Count > 0 ? (Any(texts), Any(folded)) : null;
    }

    /// <summary>The columns of a sub-select: which of equal values they hold may have been left open inside.</summary>
    private static IReadOnlyList<Value> Columns(string alias, IReadOnlyList<Kind> kinds)
        => [.. kinds.Select((k, i) => new Value(FormattableString.Invariant($"{alias}.c{i + 1}"), k).Loosened())];
}
