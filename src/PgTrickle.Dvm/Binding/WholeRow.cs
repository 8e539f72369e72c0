using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// A table's row as one value, of the table's own type: a computed column beside the table's, so that an outer join pads it as a whole. What else stands in FROM has rows of no
/// type with a name.
/// </summary>
internal static class WholeRow
{
    /// <summary>The name under which expressions find the value.</summary>
    public static SqlIdentifier Name { get; } = new("__pgt_row");

    /// <summary>The table with the value beside its columns.</summary>
    public static BoundItem Add(BindingContext context, BoundItem table, RelationInfo relation)
    {
        if (relation.Kind is not (RelationKind.Table or RelationKind.Partitioned) || relation.IsStreamTable)
        {
            throw context.NotImplemented("whole-row reference", "rows of views as values are evaluated as a whole");
        }

        var columns = table.Source.Columns;
        var row = Cast(Row(columns.Select(static c => c.Reference)), TypeName.Named(relation.Name));
        var outputs = columns.Select(static c => new ComputedColumn(c.Name, c.Reference, c.Type, c.NotNull)).Append(new ComputedColumn(Name, row, null, NotNull: true));
        var project = new Project(context.NewName("p"), table.Source, outputs.ToSyntaxList());
        var named = Scope.Of(table.Scope.Relations[0].Name, project, table.Scope.Relations[0].Columns.Select(static c => c.Name).ToSyntaxList());
        return new BoundItem(project, named);
    }
}
