using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>A relation as the query text names it.</summary>
/// <param name="Name">Alias or table name; null hides it from qualified references (a join without alias has none of its own).</param>
/// <param name="Columns">Name in the text and the value that it stands for.</param>
internal sealed record ScopeRelation(SqlIdentifier? Name, SyntaxList<(SqlIdentifier Name, SqlExpression Value)> Columns);

/// <summary>The names that expressions of a SELECT may use.</summary>
/// <param name="Relations">The relations in FROM, from the left.</param>
/// <param name="Merged">Columns that USING merged; an unqualified name means these first.</param>
internal sealed record Scope(SyntaxList<ScopeRelation> Relations, SyntaxList<(SqlIdentifier Name, SqlExpression Value)> Merged)
{
    public static Scope Empty { get; } = new([], []);

    /// <summary>The names of the query around, which those of this one hide.</summary>
    public Scope? Outer { get; init; }

    /// <summary>The WITH queries that sub-selects may refer to.</summary>
    public CteScope Ctes { get; init; } = CteScope.Empty;

    /// <summary>Takes up the sub-selects of expressions; null where there must be none.</summary>
    public SubqueryPlaces? Places { get; init; }

    /// <summary>Takes up aggregates over the rows of this query that stand in sub-selects; null where there can be none.</summary>
    public OuterAggregates? Aggregates { get; init; }

    public Scope Union(Scope other) => new(Relations.AddRange(other.Relations), Merged.AddRange(other.Merged));

    /// <summary>What is known of the columns that the names stand for.</summary>
    public IReadOnlyDictionary<ColumnReference, BoundColumn>? Known { get; init; }

    /// <summary>The same names, of rows of an operator, in a query with WITH queries and a query around; expressions over them may hold sub-selects.</summary>
    public Scope In(BindingContext context, CteScope ctes, Operator source) => this with
    {
        Aggregates = new OuterAggregates(context),
        Outer = ctes.Around,
        Ctes = ctes,
        Places = new SubqueryPlaces(),
        Known = source.Columns.ToDictionary(static c => c.Reference),
    };

    /// <summary>The value of a reference, or null if nothing has that name.</summary>
    public SqlExpression? Resolve(ColumnReference reference) => Find(reference) ?? Outer?.Resolve(reference);

    /// <summary>The query around, at whatever distance, that computes an aggregate of these columns; null if it is this one's own.</summary>
    public Scope? OwnerOf(IReadOnlyCollection<ColumnReference> columns)
    {
        var owner = this;
        while (owner is not null && !columns.Any(c => owner.Known?.ContainsKey(c) == true))
        {
            owner = owner.Outer;
        }

        return ReferenceEquals(owner, this) ? null : owner;
    }

    /// <summary>The values of a relation's columns; null if nothing has that name.</summary>
    public IReadOnlyList<SqlExpression>? ColumnsOf(SqlIdentifier relation) => Relations.FirstOrDefault(r => relation.Equals(r.Name)) is { } found
        ? [.. found.Columns.Where(static c => c.Name != WholeRow.Name).Select(static c => c.Value)]
        : Outer?.ColumnsOf(relation);

    private SqlExpression? Find(ColumnReference reference)
    {
        if (reference.Relation is { } qualifier)
        {
            return Relations.Where(r => qualifier.Equals(r.Name)).SelectMany(static r => r.Columns).FirstOrDefault(c => c.Name == reference.Name).Value;
        }

        return Merged.FirstOrDefault(m => m.Name == reference.Name).Value
            ?? Relations.SelectMany(static r => r.Columns).FirstOrDefault(c => c.Name == reference.Name).Value;
    }

    /// <summary>All columns in the order of <c>*</c>, merged ones first.</summary>
    public IEnumerable<(SqlIdentifier Name, SqlExpression Value)> AllColumns()
        => Merged.Concat(Relations.SelectMany(static r => r.Columns).Where(c => c.Name != WholeRow.Name && Merged.All(m => m.Name != c.Name)));

    public static Scope Of(SqlIdentifier? name, Operator source, SyntaxList<SqlIdentifier> aliases)
    {
        var columns = source.Columns.Select((c, i) => (i < aliases.Count ? aliases[i] : c.Name, (SqlExpression)c.Reference)).ToSyntaxList();
        return new([new ScopeRelation(name, columns)], []);
    }
}
