namespace PgTrickle.Fuzzing.Generation;

/// <summary>Rows as values.</summary>
internal sealed partial class QueryGenerator
{
    /// <summary>The alias of a table whose columns are all in scope, which stands for its row; what can't be seen of a column can't be of a row.</summary>
    private string? WholeRow(Scope scope)
    {
        var aliases = scope.Columns.GroupBy(static c => c.Sql[..Math.Max(c.Sql.IndexOf('.', StringComparison.Ordinal), 0)])
            .Where(g => _rows.GetValueOrDefault(g.Key) == g.Count() && g.All(static c => !c.IsLoose)).Select(static g => g.Key).ToList();
        return aliases.Count == 0 ? null : Any(aliases);
    }

    private string WholeRowCount(Scope scope) => WholeRow(scope) is { } row && scope.Columns.All(static c => Value.HasOrder(c.Kind)) ? $"count({One("", "DISTINCT ")}{row})" : "count(*)";

    private string RowComparison(Scope scope)
    {
        var (first, second) = (Any(OutputKinds), Any(OutputKinds));
        string Pair() => $"{One("ROW", "")}({Leaf(first, scope, isExact: false).Sql}, {Leaf(second, scope, isExact: false).Sql})";
        return _random.Next(4) switch
        {
            0 when WholeRow(scope) is { } row => $"{row} IS {One("", "NOT ")}NULL",
            0 => $"{Pair()} IS {One("", "NOT ")}NULL",
            1 => $"{Pair()} IS {One("", "NOT ")}DISTINCT FROM {Pair()}",
            2 => $"({Exact(Kind.Int, scope).Sql}, {Exact(Kind.Text, scope).Sql}) {One("", "NOT ")}IN ((1, 'a'), (2, 'b'), ({Exact(Kind.Int, scope).Sql}, 'c'))",
            _ => $"{Pair()} {One("=", "<>", "<", ">=")} {Pair()}",
        };
    }

    /// <summary>A row compared with the only one of a sub-select, or with all of them.</summary>
    private string RowSubquery(Scope scope, int depth)
    {
        var row = $"({Exact(Kind.Int, scope).Sql}, {Exact(Kind.Text, scope).Sql})";
        if (Chance(3))
        {
            return $"{row} {One("=", "<>", "<", ">=")} {One("ANY", "ALL")} ({Body([Kind.Int, Kind.Text], Scope.Empty, depth - 1)})";
        }

        var outer = Chance(2) ? scope : Scope.Empty;
        var (from, columns) = From(outer, depth - 1, mustOrder: true);
        var inner = new Scope(columns, outer);
        var correlation = Chance(2) ? $" AND {Exact(Kind.Int, new Scope(columns)).Sql} = {Exact(Kind.Int, scope).Sql}" : "";
        var where = $" WHERE {Condition(inner, depth - 1)}{correlation}";
        var own = new Scope(columns);
        var sql = Chance(2)
            ? $"SELECT max({Exact(Kind.Int, own).Sql}), min({Exact(Kind.Text, own).Sql}) FROM {from}{where}"
            : $"SELECT {Exact(Kind.Int, inner).Sql}, {Exact(Kind.Text, inner).Sql} FROM {from}{where} ORDER BY {string.Join(", ", Order(columns, least: 1).Select(Directed))} LIMIT 1";
        return $"{row} {One("=", "=", "<>", "<", ">=")} ({sql})";
    }
}
