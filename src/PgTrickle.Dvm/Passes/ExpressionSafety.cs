using System.Collections.Frozen;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Passes;

/// <summary>
/// Which expressions can't raise an error whatever their columns hold. Others must only see rows that a state held: a division by zero in a row that came and went within
/// an interval is nobody's error.
/// </summary>
internal static class ExpressionSafety
{
    private static readonly FrozenSet<string> Comparisons = FrozenSet.Create(StringComparer.Ordinal, "=", "<>", "<", "<=", ">", ">=");

    private static readonly FrozenSet<string> Matches = FrozenSet.Create(StringComparer.Ordinal, "~~", "!~~", "~~*", "!~~*");

    private static readonly TypeName Text = TypeName.Named("text");

    private static readonly FrozenSet<string> Arithmetic = FrozenSet.Create(StringComparer.Ordinal, "+", "-", "*");

    /// <summary>
    /// Whether changes may be read as they were captured: nothing is joined, no state is rebuilt, no table is read twice, no expression is likely to fail. An overflow of a row that came and
    /// went only costs an evaluation of the query.
    /// </summary>
    public static bool AllowsRawChanges(Operator root)
    {
        var below = root.DescendantsAndSelf().ToList();
        return below.TrueForAll(static o => o is Scan or Filter or Project or UnionAll or Constant)
            && below.OfType<Scan>().GroupBy(static s => s.Relation.Captured).All(static g => g.Count() == 1)
            && below.SelectMany(static o => o.OwnExpressions()).All(static e => CannotFail(e, IsArithmetic));
    }

    public static bool CannotFail(SqlExpression expression) => CannotFail(expression, static _ => false);

    private static bool IsArithmetic(SqlNode node) => node switch
    {
        BinaryExpression { Operator: { Schema: null } name } => Arithmetic.Contains(name.Symbol),
        UnaryExpression { Operator: { Schema: null } name } => Arithmetic.Contains(name.Symbol),
        _ => false,
    };

    /// <summary>A pattern that ends in its escape character is an error.</summary>
    private static bool IsPattern(SqlExpression pattern) => pattern switch
    {
        Literal { Kind: LiteralKind.String } literal => !literal.Text.Contains('\\', StringComparison.Ordinal),
        Cast cast => IsPattern(cast.Operand),
        _ => false,
    };

    private static bool CannotFail(SqlNode node, Func<SqlNode, bool> isAllowed)
        => IsConstant(node) || (IsSafe(node, isAllowed) && node.Children.All(c => CannotFail(c, isAllowed)));

    /// <summary>What a constant expression raises, it raises whatever rows there are.</summary>
    private static bool IsConstant(SqlNode node) => node.DescendantsAndSelf().All(static n => n is Literal or Cast or TypeName
        or BinaryExpression { Operator.Schema: null } or UnaryExpression { Operator.Schema: null });

    /// <summary>Whether a node can't fail if none of its children does.</summary>
    private static bool IsSafe(SqlNode node, Func<SqlNode, bool> isAllowed) => node switch
    {
        ColumnReference or Literal or LogicalExpression or NotExpression or IsExpression or DistinctFrom or CaseExpression or CaseBranch => true,
        ConditionalFunction or ArrayConstructor or FunctionArgument or TypeName or OrderItem => true,
        BinaryExpression { Operator: { Schema: null } name } match when Matches.Contains(name.Symbol) => IsPattern(match.Right),
        BinaryExpression { Operator: { Schema: null } name } when Comparisons.Contains(name.Symbol) => true,
        ArrayComparison { Operator: { Schema: null } name } => Comparisons.Contains(name.Symbol),

        // A constant's cast failed at creation or never; every value has a text.
        Cast cast => !cast.Operand.References().Any() || cast.Type == Text,
        FunctionCall { Name: { Schema: null, Name.Value: "date_trunc" } } call => call.Arguments[0].Value.DescendantsAndSelf().All(static a => a is not ColumnReference),
        FunctionCall { Name: { Schema: null, Name.Value: "count" or "min" or "max" or "lower" or "upper" } } => true,

        // A length below 0 is an error, and so is a pattern that is none.
        SubstringExpression { From: null or Literal { Kind: LiteralKind.Number }, For: null or Literal { Kind: LiteralKind.Number } } => true,
        SqlValueFunction => true,
        _ => ClockExpressions.IsClock(node) || isAllowed(node),
    };
}
