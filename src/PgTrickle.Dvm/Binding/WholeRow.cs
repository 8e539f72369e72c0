using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// A relation's row as one value: a computed column beside its own, so that an outer join pads it as a whole. A row of a table or a view is of that one's type; one of a sub-select or a WITH query
/// is a record, which a sub-select without tables makes, since ROW() would give its fields other names.
/// </summary>
internal static class WholeRow
{
    private static readonly SqlIdentifier Record = new("record");

    /// <summary>The name under which expressions find the value.</summary>
    public static SqlIdentifier Name { get; } = new("__pgt_row");

    /// <summary>A table or view with the value beside its columns.</summary>
    public static BoundItem Of(BindingContext context, BoundItem item, RelationInfo relation)
    {
        if (relation.IsStreamTable)
        {
            throw context.NotImplemented("whole-row reference", "a row of a stream table has hidden columns, too");
        }

        return Add(context, item, Cast(Row(item.Source.Columns.Select(static c => c.Reference)), TypeName.Named(relation.Name)));
    }

    /// <summary>A sub-select with the value beside its columns, which the query knows by the names that the fields have.</summary>
    public static BoundItem Of(BindingContext context, BoundItem item, Query query)
    {
        var names = item.Scope.Relations[0].Columns.Select(static c => c.Name).Where(static n => !InheritedOrder.IsAdded(n)).ToList();
        if (NamesOf(query.Body).GroupBy(static n => n).Any(static g => g.Count() > 1))
        {
            throw context.NotImplemented("whole-row reference", "two fields of the row have the same name");
        }

        var fields = Select(item.Source.Columns.Zip(names, static (c, n) => c.Reference.As(n)));
        var value = Select(Cast(new WholeRowReference(Record), TypeName.Named("record")).As(Record)) with { From = [Derived(fields.AsQuery(), Record)] };
        return Add(context, item, Scalar(value.AsQuery()));
    }

    private static IEnumerable<SqlIdentifier> NamesOf(QueryBody body) => body switch
    {
        SelectBody select => select.Targets.Select(static t => t.Alias ?? SelectBinder.NameOf(t.Expression)),
        SetOperation operation => NamesOf(operation.Left),
        NestedQuery nested => NamesOf(nested.Query.Body),
        _ => [],
    };

    private static BoundItem Add(BindingContext context, BoundItem item, SqlExpression row)
    {
        var outputs = item.Source.Columns.Select(static c => new ComputedColumn(c.Name, c.Reference, c.Type, c.NotNull)).Append(new ComputedColumn(Name, row, null, NotNull: true));
        var project = new Project(context.NewName("p"), item.Source, outputs.ToSyntaxList());
        var names = item.Scope.Relations[0];
        return new BoundItem(project, Scope.Of(names.Name, project, names.Columns.Select(static c => c.Name).ToSyntaxList()));
    }
}
