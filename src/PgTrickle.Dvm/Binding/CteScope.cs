using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>A WITH query, and the WITH queries that it may itself refer to.</summary>
internal sealed record CteBinding(SqlIdentifier Name, SyntaxList<SqlIdentifier> Columns, Query Query, CteScope Outer);

/// <summary>The WITH queries in scope, the innermost first.</summary>
internal sealed record CteScope(SyntaxList<CteBinding> Bindings)
{
    public static CteScope Empty { get; } = new(SyntaxList<CteBinding>.Empty);

    public CteBinding? Find(SqlIdentifier name) => Bindings.FirstOrDefault(b => b.Name == name);

    public CteScope With(CteBinding binding) => new([binding, .. Bindings]);
}
