using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// The clock as a source: its one row is now() at the refresh, and $3 at the frontier. Within a refresh now() is the start of its transaction, so every expression
/// of the clock has a definite old and new value.
/// </summary>
internal static class ClockExpressions
{
    private static readonly TypeName Timestamptz = TypeName.Standard("timestamp", "with time zone");

    /// <summary>The clock at the frontier.</summary>
    public static SqlExpression FrontierClock { get; } = Cast(Parameter(3), Timestamptz);

    /// <summary>Whether a node reads the clock.</summary>
    public static bool IsClock(SqlNode node) => node switch
    {
        FunctionCall { Name: { Schema: null, Name.Value: "now" or "transaction_timestamp" }, Arguments.IsEmpty: true } => true,
        SqlValueFunction
        {
            Kind: SqlValueKind.CurrentDate or SqlValueKind.CurrentTime or SqlValueKind.CurrentTimestamp
                or SqlValueKind.LocalTime or SqlValueKind.LocalTimestamp
        } => true,
        _ => false,
    };

    /// <summary>Whether a call reads a clock that has no value at the frontier, or reads the clock without showing it: age(x) is age(CURRENT_DATE, x).</summary>
    public static bool IsHiddenClock(FunctionCall call) => call.Name.Schema is null
        && (call.Name.Name.Value == "statement_timestamp" || (call.Name.Name.Value == "age" && call.Arguments.Count == 1));

    public static bool ReadsClock(SqlNode node) => node.DescendantsAndSelf().Any(IsClock);

    /// <summary>The largest subexpressions that read the clock and nothing else: if none of them changed its value, nothing did.</summary>
    public static IEnumerable<SqlExpression> Closed(SqlNode node)
    {
        if (!ReadsClock(node))
        {
            return [];
        }

        var closed = node is SqlExpression && !node.DescendantsAndSelf().Any(static n => n is ColumnReference or Sql.Syntax.Parameter or Query);
        return closed ? [(SqlExpression)node] : node.Children.SelectMany(Closed);
    }

    /// <summary>The same with the frontier's clock in place of now.</summary>
    public static T AtFrontier<T>(T node)
        where T : SqlNode
        => node.Rewrite(static n => IsClock(n) ? OldValue(n) : n);

    /// <summary>Whether an expression had another value at the frontier; what may be of a type without equality, such as json, goes by its text.</summary>
    public static SqlExpression Moved(SqlExpression expression)
        => expression.DescendantsAndSelf().Any(static n => n is CaseExpression or ConditionalFunction or Sql.Syntax.Cast or FunctionCall { Arguments.IsEmpty: false })
            ? IsDistinctFrom(Differentiation.Consolidation.AsText(expression), Differentiation.Consolidation.AsText(AtFrontier(expression)))
            : IsDistinctFrom(expression, AtFrontier(expression));

    /// <summary>Whether any of the expressions had another value at the frontier.</summary>
    public static SqlExpression Moved(IEnumerable<SqlExpression> closed) => Or(closed.Distinct().Select(Moved));

    private static SqlExpression OldValue(SqlNode clock)
    {
        if (clock is not SqlValueFunction value)
        {
            return FrontierClock;
        }

        SyntaxList<SqlExpression> precision = value.Precision is { } digits ? [Integer(digits)] : [];
        return value.Kind switch
        {
            SqlValueKind.CurrentDate => Cast(FrontierClock, TypeName.Named("date")),
            SqlValueKind.CurrentTime => Cast(FrontierClock, TypeName.Standard("time", "with time zone") with { Modifiers = precision }),
            SqlValueKind.LocalTime => Cast(FrontierClock, TypeName.Standard("time") with { Modifiers = precision }),
            SqlValueKind.LocalTimestamp => Cast(FrontierClock, TypeName.Standard("timestamp") with { Modifiers = precision }),
            _ => Cast(FrontierClock, Timestamptz with { Modifiers = precision }),
        };
    }
}
