using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Catalog;

/// <summary>A data type as far as the compiler needs to know it.</summary>
/// <param name="Oid">OID in pg_type; of a domain the domain's own.</param>
/// <param name="Name">Schema and name in pg_type (<c>pg_catalog.int4</c>, <c>pg_catalog._int4</c> for an array), never the SQL spelling.</param>
public sealed record TypeInfo(uint Oid, QualifiedName Name)
{
    /// <summary>A type that the compiler can't tell: values are stored, and compared by their text.</summary>
    public static TypeInfo Unknown { get; } = new(0, new QualifiedName("pg_catalog", "unknown"))
    {
        HasEquality = false,
        IsHashable = false,
        IsOrdered = false,
        CollationIsDeterministic = false,
    };

    /// <summary>Whether it is a type of the catalog.</summary>
    public bool IsKnown => Oid != 0;

    /// <summary>The type modifier (atttypmod), or -1 for none.</summary>
    public int Modifier { get; init; } = -1;

    /// <summary>The type under all domains; the same as <see cref="Oid"/> for a type that is no domain.</summary>
    public uint BaseOid { get; init; } = Oid;

    /// <summary>typtype of the base type: b base, e enum, c composite, r range, m multirange, p pseudo.</summary>
    public char Kind { get; init; } = 'b';

    /// <summary>Whether values can be grouped and compared by <c>=</c>: the type and all it is made of have a default btree or hash operator class.</summary>
    public bool HasEquality { get; init; } = true;

    /// <summary>The operator of the default operator class that means equality, if it is not the one that <c>=</c> means with pg_catalog alone on the search path.</summary>
    public OperatorName? EqualityOperator { get; init; }

    /// <summary>Whether the type and all it is made of have a default hash operator class.</summary>
    public bool IsHashable { get; init; } = true;

    /// <summary>Whether the type and all it is made of have a default btree operator class.</summary>
    public bool IsOrdered { get; init; } = true;

    /// <summary>Whether the collation of the column compares equal only what is the same bytes; true for types without collation.</summary>
    public bool CollationIsDeterministic { get; init; } = true;

    /// <summary>
    /// Whether <c>=</c> means the same image. False says nothing is known: <c>numeric</c> without scale (1.0 = 1.00), <c>float</c> (0 = -0),
    /// intervals, jsonb, arrays, records and every type that extensions bring are compared by text, too.
    /// </summary>
    public bool IsImageEqual => HasEquality && CollationIsDeterministic && (Kind == 'e' || TypeFacts.IsImageEqual(BaseOid, Modifier));

    /// <summary>Whether it is an array: an array type is named after its elements' type, with an underscore before it.</summary>
    public bool IsArray => Name.Name.Value.StartsWith('_');

    /// <summary>Whether a value is small enough for an index entry whatever it is.</summary>
    public bool IsBounded => Kind == 'e' || TypeFacts.IsBounded(BaseOid, Modifier);
}
