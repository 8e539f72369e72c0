using System.Text;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Printing;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Explaining;

/// <summary>Operator trees as indented text, an operator a line, its inputs below.</summary>
internal static class TreePrinter
{
    public static string Print(Operator root)
    {
        var text = new StringBuilder();
        Append(text, root, 0);
        return text.ToString();
    }

    private static void Append(StringBuilder text, Operator source, int depth)
    {
        text.Append(' ', depth * 2).Append(Describe(source)).Append('\n');
        foreach (var input in source.Inputs)
        {
            Append(text, input, depth + 1);
        }
    }

    private static string Describe(Operator source) => source switch
    {
        Scan scan => $"Scan {(scan.Relation.IsAlone ? "ONLY " : "")}{scan.Relation.Name} as {scan.Alias}{(scan.Relation.IsStreamTable ? " (stream table)" : "")}",
        Constant { Body: null } => "Row",
        Constant constant => $"Values as {constant.Alias}: {constant.Body!.Rows.Count} row(s)",
        Filter filter => $"Filter {Text(filter.Predicate)}",
        Project project => $"Project as {project.Alias}: {string.Join(", ", project.Outputs.Select(Computed))}",
        Join join => $"{join.Type}Join on {Text(join.Predicate)}",
        Match match => $"{match.Kind}Match{(match.Kind == MatchKind.Mark ? $" as {match.Alias}" : "")} on {Text(match.Predicate)}",
        Dependent dependent => $"Dependent {dependent.Type} on {Text(dependent.Predicate)}",
        Generated generated => $"Generated {Text(generated.Item())}",
        UnionAll union => $"UnionAll as {union.Alias}: {string.Join(", ", union.Names)}",
        Distinct => "Distinct",
        DistinctOn distinct => $"DistinctOn {string.Join(", ", distinct.Keys.Select(Text))} order by {string.Join(", ", distinct.Order.Select(Text))}",
        TopK top => $"TopK {(top.WithTies ? "with ties " : "")}order by {string.Join(", ", top.Order.Select(Text))}"
            + $"{(top.Limit is null ? "" : $" limit {Text(top.Limit)}")}{(top.Offset is null ? "" : $" offset {Text(top.Offset)}")}",
        Recursion recursion => $"Recursion as {recursion.Alias}{(recursion.Linear is null ? ", computed as a whole" : "")}: {Text(recursion.Text)}",
        Repeat repeat => $"Repeat {Text(repeat.Times)}",
        Window window => $"Window as {window.Alias} by [{string.Join(", ", window.PartitionKeys.Select(Computed))}]: "
            + $"{string.Join(", ", window.Kept.Select(Computed).Concat(window.Calls.Select(static c => $"{c.Name} = {Text(c.Call)}")))}",
        Aggregate aggregate =>
            $"Aggregate as {aggregate.Alias} by [{string.Join(", ", aggregate.Keys.Select(Computed))}]: "
            + string.Join(", ", aggregate.Aggregates.Select(static a => $"{a.Name} = {Text(a.Call)}")),
        _ => source.GetType().Name,
    };

    private static string Computed(ComputedColumn column)
        => $"{column.Name}{(column.NotNull ? "!" : "")} = {Text(column.Expression)}";

    private static string Text(SqlNode node) => SqlPrinter.Print(node);
}
