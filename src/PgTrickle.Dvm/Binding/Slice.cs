using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>Which rows of an order a query yields: LIMIT, OFFSET, FETCH FIRST.</summary>
internal sealed record Slice(SqlExpression? Limit, SqlExpression? Offset, bool WithTies)
{
    /// <summary>The slice of a query, or null if it yields all of its rows.</summary>
    public static Slice? Of(Query query)
    {
        var limit = IsNull(query.Limit) ? null : query.Limit;
        var offset = IsNull(query.Offset) || query.Offset is Literal { Kind: LiteralKind.Number, Text: "0" } ? null : query.Offset;
        return limit is null && offset is null ? null : new Slice(limit, offset, query.WithTies);
    }

    /// <summary>How many rows, and how many before them.</summary>
    public IEnumerable<SqlExpression> Values => new[] { Limit, Offset }.OfType<SqlExpression>();

    /// <summary>The slice with other numbers.</summary>
    public Slice Map(Func<SqlExpression, SqlExpression> map) => this with { Limit = Limit is null ? null : map(Limit), Offset = Offset is null ? null : map(Offset) };

    private static bool IsNull(SqlExpression? value) => value switch
    {
        null or Literal { Kind: LiteralKind.Null } => true,
        Cast cast => IsNull(cast.Operand),
        _ => false,
    };
}
