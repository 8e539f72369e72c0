using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// Equality in the sense of a type. Statements run with nothing but pg_catalog on their search path, where <c>=</c> of a type that an extension brings is not found, or
/// is that of another type: citext would be compared as text.
/// </summary>
internal static class Equality
{
    private static readonly QualifiedName RecordEquals = new(new SqlIdentifier("pg_catalog"), new SqlIdentifier("record_eq"));

    /// <summary>Whether two values are equal; NULL if one is NULL.</summary>
    public static SqlExpression Equal(SqlExpression left, SqlExpression right, TypeInfo? type) => Binary(left, type?.EqualityOperator ?? new OperatorName(null, "="), right);

    /// <summary>Whether a value is NULL, in contrast to a row of nothing but NULLs, of which IS NULL holds, too.</summary>
    public static SqlExpression IsMissing(SqlExpression value, TypeInfo? type) => MayBeRow(type) ? IsNotDistinctFrom(value, Null) : IsNull(value);

    /// <summary>Whether a value is not NULL, in contrast to a row without NULLs.</summary>
    public static SqlExpression IsThere(SqlExpression value, TypeInfo? type) => MayBeRow(type) ? IsDistinctFrom(value, Null) : IsNotNull(value);

    private static bool MayBeRow(TypeInfo? type) => type is not { IsKnown: true, Kind: not 'c' };

    /// <summary>Whether two values are equal, or both NULL. No index helps.</summary>
    public static SqlExpression NullSafe(SqlExpression left, SqlExpression right, TypeInfo? type)
        => type?.EqualityOperator is null ? IsNotDistinctFrom(left, right) : Call(RecordEquals, Row([left]), Row([right]));
}
