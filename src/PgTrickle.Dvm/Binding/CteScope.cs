using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>A WITH query, and the WITH queries that it may itself refer to.</summary>
internal sealed record CteBinding(SqlIdentifier Name, SyntaxList<SqlIdentifier> Columns, Query Query, CteScope Outer)
{
    /// <summary>What a reference to the query reads, where it is the recursive table itself.</summary>
    public Operators.Scan? Self { get; init; }

    /// <summary>The table of WITH RECURSIVE, if the query refers to itself.</summary>
    public CommonTableExpression? Recursive { get; init; }

    /// <summary>Whether the query around may read the column of SEARCH.</summary>
    public bool IsSearchRead { get; init; }
}

/// <summary>The WITH queries in scope, the innermost first, and the names of the query around.</summary>
internal sealed record CteScope(SyntaxList<CteBinding> Bindings)
{
    public static CteScope Empty { get; } = new(SyntaxList<CteBinding>.Empty);

    /// <summary>The names that a sub-select may use of the query in which it stands.</summary>
    public Scope? Around { get; init; }

    /// <summary>The names of relations that are referred to as a whole row, here or further inside.</summary>
    public IReadOnlySet<SqlIdentifier> WholeRows { get; init; } = new HashSet<SqlIdentifier>();

    public CteBinding? Find(SqlIdentifier name) => Bindings.FirstOrDefault(b => b.Name == name);

    public CteScope With(CteBinding binding) => this with { Bindings = [binding, .. Bindings] };
}
