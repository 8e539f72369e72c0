using PgTrickle.Dvm.Apply;
using PgTrickle.Sql.Printing;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Nodes;

/// <summary>The statements that make the two tables of a node: its rows, and what a refresh changes in them.</summary>
internal static class NodeDdl
{
    private static readonly SqlIdentifier Rows = new("q");

    /// <param name="node">The node; those that it reads exist.</param>
    /// <param name="names">The plan's names.</param>
    /// <param name="indexes">Further indexes.</param>
    public static IEnumerable<string> Statements(PlanNode node, PlanNames names, IEnumerable<CreateIndexStatement> indexes)
    {
        var own = node.Names(names);
        var result = node.Rule.Result;
        var columns = result.Columns.Select(static (c, i) => Column(Rows, Target.New(i)).As(c.Name));
        var body = Select(columns) with { From = [Derived(node.Rows(names).AsQuery(), Rows)] };
        yield return SqlPrinter.Print(new CreateTableAsStatement(own.Table, body.AsQuery()));

        // The query has told the types of hidden columns, too; only the hash of rows is not its to give.
        var shape = ShapeDdl.ShapeOf(result, node.Rule.Lookup);
        foreach (var statement in ShapeDdl.Statements(shape with { HiddenColumns = shape.HiddenColumns.Where(static c => c.Name.Value == StreamTableShape.RowId).ToSyntaxList() }, own.Table))
        {
            yield return statement;
        }

        foreach (var index in indexes)
        {
            yield return SqlPrinter.Print(index with { Table = own.Table });
        }

        // Outside of transactions it is empty, so that a crash may leave it empty.
        var changes = Select([
            Cast(Integer(1), TypeName.Standard("smallint")).As(names.WeightColumn),
            .. result.VisibleColumns.Select(i => Column(Rows, result.Columns[i].Name).As(result.Columns[i].Name))]) with { From = [Table(own.Table, Rows)] };
        yield return SqlPrinter.Print(new CreateTableAsStatement(own.Buffer!, changes.AsQuery()) { Unlogged = true });
    }
}
