using System.Globalization;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql;

/// <summary>
/// Short ways to make trees, meant for <c>using static</c>. What they make is plain syntax: nothing is resolved or checked against a catalog.
/// </summary>
public static class SqlFactory
{
    /// <summary><c>NULL</c>.</summary>
    public static Literal Null { get; } = new(LiteralKind.Null, "");

    /// <summary><c>true</c>.</summary>
    public static Literal True { get; } = new(LiteralKind.Boolean, "true");

    /// <summary><c>false</c>.</summary>
    public static Literal False { get; } = new(LiteralKind.Boolean, "false");

    /// <summary><c>relation.name</c>.</summary>
    public static ColumnReference Column(SqlIdentifier relation, SqlIdentifier name) => new(relation, name);

    /// <summary>A column without qualifier.</summary>
    public static ColumnReference Column(SqlIdentifier name) => new(null, name);

    /// <summary><c>$number</c>, counted from 1.</summary>
    public static Parameter Parameter(int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        return new(number);
    }

    /// <summary>A string constant.</summary>
    /// <exception cref="ArgumentException">The string holds U+0000, which PostgreSQL can't store.</exception>
    public static Literal String(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.Contains('\0', StringComparison.Ordinal)
            ? throw new ArgumentException("A string must not contain U+0000.", nameof(value))
            : new(LiteralKind.String, value);
    }

    /// <summary>An integer constant; a negative one is the operator <c>-</c> before its absolute value.</summary>
    public static SqlExpression Integer(long value)
    {
        var digits = value.ToString(CultureInfo.InvariantCulture);
        return value < 0 ? new UnaryExpression("-", new Literal(LiteralKind.Number, digits[1..])) : new Literal(LiteralKind.Number, digits);
    }

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public static Literal Boolean(bool value) => value ? True : False;

    /// <summary><c>operand::type</c>.</summary>
    public static Cast Cast(SqlExpression operand, TypeName type) => new(operand, type);

    /// <summary>
    /// The conjunction of <paramref name="operands"/>, flattened; none of them is <c>true</c>, and a single one is itself.
    /// </summary>
    public static SqlExpression And(params IEnumerable<SqlExpression> operands) => Logical(LogicalKind.And, operands, True);

    /// <summary>
    /// The disjunction of <paramref name="operands"/>, flattened; none of them is <c>false</c>, and a single one is itself.
    /// </summary>
    public static SqlExpression Or(params IEnumerable<SqlExpression> operands) => Logical(LogicalKind.Or, operands, False);

    /// <summary><c>NOT operand</c>.</summary>
    public static NotExpression Not(SqlExpression operand) => new(operand);

    /// <summary><c>left operator right</c>.</summary>
    public static BinaryExpression Binary(SqlExpression left, OperatorName @operator, SqlExpression right) => new(left, @operator, right);

    /// <summary><c>left = right</c>.</summary>
    public static BinaryExpression Eq(SqlExpression left, SqlExpression right) => new(left, "=", right);

    /// <summary><c>left &lt;&gt; right</c>.</summary>
    public static BinaryExpression NotEq(SqlExpression left, SqlExpression right) => new(left, "<>", right);

    /// <summary><c>left &lt; right</c>.</summary>
    public static BinaryExpression Less(SqlExpression left, SqlExpression right) => new(left, "<", right);

    /// <summary><c>left &gt; right</c>.</summary>
    public static BinaryExpression Greater(SqlExpression left, SqlExpression right) => new(left, ">", right);

    /// <summary><c>left + right</c>.</summary>
    public static BinaryExpression Add(SqlExpression left, SqlExpression right) => new(left, "+", right);

    /// <summary><c>left - right</c>.</summary>
    public static BinaryExpression Subtract(SqlExpression left, SqlExpression right) => new(left, "-", right);

    /// <summary><c>left * right</c>.</summary>
    public static BinaryExpression Multiply(SqlExpression left, SqlExpression right) => new(left, "*", right);

    /// <summary><c>- operand</c>.</summary>
    public static UnaryExpression Negate(SqlExpression operand) => new("-", operand);

    /// <summary><c>operand IS NULL</c>.</summary>
    public static IsExpression IsNull(SqlExpression operand) => new(operand, IsKind.Null);

    /// <summary><c>operand IS NOT NULL</c>.</summary>
    public static IsExpression IsNotNull(SqlExpression operand) => new(operand, IsKind.Null, Negated: true);

    /// <summary><c>operand IS TRUE</c>.</summary>
    public static IsExpression IsTrue(SqlExpression operand) => new(operand, IsKind.True);

    /// <summary><c>operand IS NOT TRUE</c>.</summary>
    public static IsExpression IsNotTrue(SqlExpression operand) => new(operand, IsKind.True, Negated: true);

    /// <summary><c>left IS DISTINCT FROM right</c>.</summary>
    public static DistinctFrom IsDistinctFrom(SqlExpression left, SqlExpression right) => new(left, right);

    /// <summary><c>left IS NOT DISTINCT FROM right</c>.</summary>
    public static DistinctFrom IsNotDistinctFrom(SqlExpression left, SqlExpression right) => new(left, right, Negated: true);

    /// <summary>A call of a function.</summary>
    public static FunctionCall Call(QualifiedName name, params IEnumerable<SqlExpression> arguments)
        => new(name, arguments.Select(static a => new FunctionArgument(a)).ToSyntaxList());

    /// <summary><c>count(*)</c>.</summary>
    public static FunctionCall CountStar() => new("count", []) { Star = true };

    /// <summary><c>sum(operand)</c>.</summary>
    public static FunctionCall Sum(SqlExpression operand) => Call("sum", operand);

    /// <summary><c>COALESCE(...)</c>.</summary>
    public static ConditionalFunction Coalesce(params IEnumerable<SqlExpression> arguments) => new(ConditionalKind.Coalesce, arguments.ToSyntaxList());

    /// <summary><c>NULLIF(left, right)</c>.</summary>
    public static ConditionalFunction NullIf(SqlExpression left, SqlExpression right) => new(ConditionalKind.NullIf, [left, right]);

    /// <summary><c>CASE WHEN condition THEN result ELSE otherwise END</c>.</summary>
    public static CaseExpression Case(SqlExpression condition, SqlExpression result, SqlExpression? otherwise = null)
        => new(null, [new CaseBranch(condition, result)], otherwise);

    /// <summary><c>EXISTS (query)</c>.</summary>
    public static SubqueryExpression Exists(Query query) => new(SubqueryKind.Exists, query);

    /// <summary><c>(query)</c> as a value.</summary>
    public static SubqueryExpression Scalar(Query query) => new(SubqueryKind.Scalar, query);

    /// <summary><c>ROW(...)</c>.</summary>
    public static RowConstructor Row(params IEnumerable<SqlExpression> elements) => new(elements.ToSyntaxList());

    /// <summary><c>expression AS alias</c>.</summary>
    public static SelectTarget As(this SqlExpression expression, SqlIdentifier alias) => new(expression, alias);

    /// <summary><c>SELECT targets</c>; add further clauses by <c>with</c>.</summary>
    public static SelectBody Select(params IEnumerable<SelectTarget> targets) => new(targets.ToSyntaxList());

    /// <summary>A query that is nothing but this body.</summary>
    public static Query AsQuery(this QueryBody body) => new(body);

    /// <summary><c>left UNION ALL right UNION ALL ...</c> of at least one body.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static QueryBody UnionAll(params IEnumerable<QueryBody> bodies)
    {
        QueryBody? result = null;
        foreach (var body in bodies)
        {
            result = result is null ? body : new SetOperation(result, SetOperationKind.Union, All: true, body);
        }

        return result ?? throw new ArgumentException("A union needs at least one query.", nameof(bodies));
    }

    /// <summary><c>schema.name AS alias</c>.</summary>
    public static TableReference Table(QualifiedName name, SqlIdentifier? alias = null)
        => new(name) { Alias = alias is null ? null : new TableAlias(alias) };

    /// <summary><c>(query) AS alias(columns)</c>.</summary>
    public static DerivedTable Derived(Query query, SqlIdentifier alias, params IEnumerable<SqlIdentifier> columns)
        => new(query) { Alias = new TableAlias(alias, columns.ToSyntaxList()) };

    /// <summary>A function in FROM.</summary>
    public static FunctionTable Function(SqlExpression call, SqlIdentifier alias, params IEnumerable<SqlIdentifier> columns)
        => new([new TableFunction(call)]) { Alias = new TableAlias(alias, columns.ToSyntaxList()) };

    /// <summary><c>left JOIN right ON predicate</c>, of the given kind.</summary>
    public static JoinedTable Join(FromItem left, FromItem right, SqlExpression predicate, JoinKind kind = JoinKind.Inner)
        => new(left, kind, right, new JoinOn(predicate));

    /// <summary><c>left CROSS JOIN right</c>.</summary>
    public static JoinedTable CrossJoin(FromItem left, FromItem right) => new(left, JoinKind.Cross, right, null);

    /// <summary><c>GROUP BY ...</c>; null if there are no expressions.</summary>
    public static GroupByClause? GroupBy(params IEnumerable<SqlExpression> expressions)
    {
        var elements = expressions.Select(static e => (GroupingElement)new GroupingExpressions([e])).ToSyntaxList();
        return elements.IsEmpty ? null : new GroupByClause(elements);
    }

    /// <summary><c>name AS MATERIALIZED (statement)</c>, or without the keyword.</summary>
    public static CommonTableExpression Cte(SqlIdentifier name, SqlStatement statement, bool? materialized = null)
        => new(name, statement) { Materialized = materialized };

    /// <summary><c>expression [DESC]</c>.</summary>
    public static OrderItem OrderBy(SqlExpression expression, bool descending = false) => new(expression) { Descending = descending };

    private static SqlExpression Logical(LogicalKind kind, IEnumerable<SqlExpression> operands, SqlExpression neutral)
    {
        var flat = operands.SelectMany(o => o is LogicalExpression inner && inner.Kind == kind ? inner.Operands : [o]).ToSyntaxList();
        return flat.Count switch
        {
            0 => neutral,
            1 => flat[0],
            _ => new LogicalExpression(kind, flat),
        };
    }
}
