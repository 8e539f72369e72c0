using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// What the functions of one query text are. The catalog tells OIDs, the text names; overloads of one name are of one kind in all but contrived cases, and then
/// the stricter reading is taken.
/// </summary>
internal sealed class FunctionCatalog
{
    private static readonly SqlIdentifier SystemSchema = new("pg_catalog");

    private readonly ILookup<QualifiedName, FunctionInfo> _byName;

    public FunctionCatalog(IEnumerable<FunctionInfo> functions)
    {
        All = [.. functions];
        _byName = All.ToLookup(static f => f.Name);
    }

    public IReadOnlyList<FunctionInfo> All { get; }

    public bool IsAggregate(FunctionCall call)
        => call.Over is null && Find(call).Any(static f => f.Kind is FunctionKind.Aggregate or FunctionKind.OrderedSetAggregate);

    public bool ReturnsSet(FunctionCall call) => Find(call).Any(static f => f.ReturnsSet);

    public bool ReturnsRecord(FunctionCall call) => Find(call).Any(static f => f.ReturnsRecord);

    private IEnumerable<FunctionInfo> Find(FunctionCall call) => _byName[call.Name.Schema is null ? new QualifiedName(SystemSchema, call.Name.Name) : call.Name];
}
