using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>Makes a query of its own of a recursive WITH query: with the WITH queries that it uses, and with views spelled out, so that it reads nothing but tables.</summary>
internal sealed class RecursionBinder(BindingContext context, FunctionCatalog functions)
{
    private readonly Dictionary<(uint Oid, bool IsAlone), RelationInfo> _tables = [];
    private readonly HashSet<SqlIdentifier> _names = [];
    private bool _allColumns;

    /// <summary>The operator of a recursive WITH query.</summary>
    /// <param name="cte">The query and its scope.</param>
    /// <param name="start">Its term without recursion, which decides names and types of the columns.</param>
    public Recursion Bind(CteBinding cte, Operator start)
    {
        var table = cte.Recursive!;
        var tables = new Dictionary<SqlIdentifier, CteBinding>();
        var with = new List<CommonTableExpression>();
        Collect(cte, tables, with);
        SqlIdentifier[] names =
        [
            .. table.Columns.IsEmpty ? start.Columns.Select(static c => c.Name) : table.Columns,
            .. table.Search is { } search ? [search.SequenceColumn] : Array.Empty<SqlIdentifier>(),
            .. table.Cycle is { } cycle ? [cycle.MarkColumn, cycle.PathColumn] : Array.Empty<SqlIdentifier>(),
        ];
        var types = names.Select((_, i) => i < start.Columns.Count ? new ExpressionType(start.Columns[i].Type, NotNull: false) : ExpressionType.Unknown).ToSyntaxList();
        var body = Select(names.Select(n => Column(table.Name, n).As(n))) with { From = [Table(new QualifiedName(table.Name))] };
        var text = Spelled(body.AsQuery() with { With = new WithClause(with.ToSyntaxList(), Recursive: true) }, 0);
        var relations = NamesIn(text);
        if (text.DescendantsAndSelf().OfType<ColumnReference>().FirstOrDefault(c => c.Relation is { } relation && !relations.Contains(relation)) is { } outer)
        {
            throw context.NotImplemented("correlated WITH RECURSIVE", $"it refers to {outer.Relation} outside");
        }

        var scans = _tables.Values.Select(relation =>
        {
            context.CountRelation();
            return new Scan(context.NewName("t"), relation);
        }).ToList();
        var used = scans.SelectMany(s => s.Relation.Columns.Where(c => _allColumns || _names.Contains(c.Name)).Select(c => Column(s.Alias, c.Name)));
        return new Recursion(context.NewName("rec"), [.. names], types, text, [.. scans], used.ToSyntaxList()) { Open = OpenIn(text, (SetOperation)cte.Query.Body, types.Take(start.Columns.Count)) };
    }

    /// <summary>Whether a table of WITH RECURSIVE refers to itself.</summary>
    public static bool IsRecursive(CommonTableExpression table) => References(table.Statement).Contains(table.Name);

    /// <summary>The names without schema that a statement reads.</summary>
    public static IEnumerable<SqlIdentifier> References(SqlNode statement)
        => statement.DescendantsAndSelf().OfType<TableReference>().Where(static t => t.Name.Schema is null).Select(static t => t.Name.Name);

    private void Collect(CteBinding cte, Dictionary<SqlIdentifier, CteBinding> known, List<CommonTableExpression> with)
    {
        if (known.TryGetValue(cte.Name, out var other))
        {
            if (!ReferenceEquals(other, cte))
            {
                throw context.NotImplemented("WITH RECURSIVE", $"it uses two WITH queries of the name {cte.Name}");
            }

            return;
        }

        known.Add(cte.Name, cte);
        foreach (var name in References(cte.Query).Where(n => cte.Recursive is null || n != cte.Name).Distinct())
        {
            if (cte.Outer.Find(name) is { } used)
            {
                Collect(used, known, with);
            }
        }

        with.Add(cte.Recursive ?? Cte(cte.Name, cte.Query) with { Columns = cte.Columns });
    }

    /// <summary>The query without views.</summary>
    private Query Spelled(Query query, int depth)
    {
        if (depth > context.Options.MaxDepth)
        {
            throw context.Unsupported("nesting", $"views are nested deeper than {context.Options.MaxDepth} levels");
        }

        foreach (var node in query.DescendantsAndSelf())
        {
            Note(node);
        }

        return query.Rewrite(node => node is not TableReference { Name.Schema: not null } table ? node
            : context.Catalog.Find(table.Name) is { Kind: RelationKind.View } view
                ? Derived(Spelled(view.ViewQuery!, depth + 1), table.Name.Name) with { Alias = table.Alias ?? new TableAlias(table.Name.Name) }
                : table with { Only = table.Only && context.Catalog.Find(table.Name)?.Alone is not null });
    }

    private void Note(SqlNode node)
    {
        switch (node)
        {
            case ColumnReference column:
                _names.Add(column.Name);
                break;
            case JoinUsing merged:
                _names.UnionWith(merged.Columns);
                break;
            case TableReference { Sample: not null }:
                throw context.Unsupported("TABLESAMPLE", "a sample is another one each time");
            case TableReference { Name.Schema: not null } table:
                NoteTable(table);
                break;
            case Query { Locking.IsEmpty: false }:
                throw context.Unsupported("FOR UPDATE", "a stream table's query must not lock rows");
            case WholeRowReference or AllColumns or FieldExpansion:
                throw context.NotImplemented("whole-row reference in WITH RECURSIVE", "rows as values are evaluated as a whole");
            default:
                if (node is FunctionCall call && ClockExpressions.IsHiddenClock(call))
                {
                    throw context.Unsupported($"{call.Name}()", "it reads a clock whose value at the previous refresh is not known; use now() or CURRENT_DATE");
                }

                break;
        }
    }

    private void NoteTable(TableReference table)
    {
        var relation = context.Catalog.Find(table.Name) ?? throw context.Internal($"relation {table.Name}", "the catalog does not have it");
        switch (relation.Kind)
        {
            case RelationKind.View:
                break;
            case RelationKind.Partitioned when table.Only:
                throw context.NotImplemented("ONLY in WITH RECURSIVE", "a partitioned table has no rows of its own");
            case RelationKind.Table or RelationKind.Partitioned:
                // Names of columns after an alias go by place.
                _allColumns |= table.Alias is { Columns.IsEmpty: false };
                relation = table.Only ? relation.Alone ?? relation : relation;
                _tables.TryAdd(relation.Captured, relation);
                break;
            default:
                throw context.Unsupported($"{relation.Name}", "its changes cannot be captured");
        }
    }

    /// <summary>The names that relations have somewhere in a query. PostgreSQL gives no relation a name that one around it has.</summary>
    private static HashSet<SqlIdentifier> NamesIn(Query text) => text.DescendantsAndSelf().Select(static n => n switch
    {
        TableReference table => table.Alias?.Name ?? table.Name.Name,
        DerivedTable derived => derived.Alias?.Name,
        FunctionTable function => function.Alias?.Name,
        JoinedTable join => join.Alias?.Name,
        JoinUsing merged => merged.Alias,
        XmlTable xml => xml.Alias?.Name,
        JsonTable json => json.Alias?.Name,
        _ => null,
    }).OfType<SqlIdentifier>().ToHashSet();

    /// <summary>What in the query could be answered in several ways; what SEARCH and CYCLE add is a function of the other columns.</summary>
    private string? OpenIn(Query text, SetOperation recursion, IEnumerable<ExpressionType> types)
    {
        var all = new FunctionCatalog([.. functions.All, .. context.Catalog.Relations.SelectMany(static r => r.ViewFunctions)]);
        if (!recursion.All && !types.All(static t => t.Type is { IsImageEqual: true }))
        {
            return "its rows may be equal without being identical, and which of them were kept is not remembered";
        }

        return text.DescendantsAndSelf().Any(n => n switch
        {
            Query { Limit: not null } or Query { Offset: not null } => true,
            SelectBody { Distinct: not null } or SelectBody { GroupBy: not null } => true,
            SetOperation { All: false } inner => inner != recursion,
            FunctionCall call => call.Over is not null || all.IsAggregate(call),
            JsonArrayAggregate or JsonObjectAggregate => true,
            _ => false,
        }) ? "it sorts, groups or counts rows, and which of several answers it gave is not remembered" : null;
    }
}
