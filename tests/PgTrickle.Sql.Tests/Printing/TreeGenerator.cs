using CsCheck;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Sql.Tests.Printing;

/// <summary>Random trees in the form in which the parser makes them.</summary>
internal static class TreeGenerator
{
    private const int MaxDepth = 3;

    private static readonly Gen<string> NameText = Gen.OneOf(
        Gen.OneOf(
            "a", "b", "key", "select", "left", "Mixed", "with space", "qu\"ote", "größe", "日本", "😀", "1st", "rows", "recursive", "value", "filter", "over", "operator", "json",
            "--", "/*", "a.b", "interval", "nested", "path", "current_date", "array", "row", "e", "u", "b'", "coalesce", "text", "date", "x;y", "$1", "'"),
        Gen.Char["abz_019AZ \"'.$é€"].Array[1, 12].Select(chars => new string(chars)));

    private static readonly Gen<SqlIdentifier> Name = NameText.Select(text => new SqlIdentifier(text));

    private static readonly Gen<QualifiedName> Qualified = Gen.Select(Name.Null(), Name, (schema, name) => new QualifiedName(schema, name));

    private static readonly Gen<OperatorName> Operator = Gen.Select(
        Gen.OneOf(Gen.Const((SqlIdentifier?)null), Name.Null()),
        Gen.OneOf("+", "-", "*", "/", "%", "^", "=", "<>", "<", ">", "<=", ">=", "||", "->", "->>", "@>", "~~", "!~~*", "@-", "#>>", "?|", "&&", "<->", "===", "?-"),
        (schema, symbol) => new OperatorName(schema, symbol));

    /// <summary>The grammar has no arithmetic and comparison signs before an operand, but for the two signs.</summary>
    private static readonly Gen<OperatorName> PrefixOperator = Gen.Select(
        Name.Null(),
        Gen.OneOf("+", "-", "@", "~", "!!", "|/", "@-", "?-"),
        (schema, symbol) => new OperatorName(schema, symbol));

    private static readonly Gen<TypeName> Type = Gen.Select(
        Gen.OneOf(
            Gen.OneOf("integer", "bigint", "double precision", "boolean", "real", "smallint").Select(words => TypeName.Standard(words)),
            Gen.Int[1, 30].Select(n => TypeName.Standard("character varying") with { Modifiers = [Integer(n)] }),
            Gen.Int[1, 30].Select(n => TypeName.Standard("numeric") with { Modifiers = [Integer(n), Integer(-2)] }),
            Gen.OneOf("with time zone", "without time zone").Select(zone => TypeName.Standard("timestamp", zone) with { Modifiers = [Integer(3)] }),
            Gen.Const(TypeName.Standard("interval", "day to second") with { Modifiers = [Integer(2)] }),
            Gen.OneOf("bit", "bit varying", "character", "interval", "json").Select(words => TypeName.Standard(words)),
            Qualified.Select(TypeName.Named)),
        Gen.Int[0, 2],
        (type, dimensions) => type with { ArrayDimensions = dimensions });

    private static readonly Gen<SqlExpression> Leaf = Gen.OneOf<SqlExpression>(
        Gen.Select(Name.Null(), Name, (relation, name) => (SqlExpression)new ColumnReference(relation, name)),
        Name.Select(name => (SqlExpression)new WholeRowReference(name)),
        Gen.OneOf<SqlExpression>(Null, True, False),
        Gen.Char["ab'\"\\\n\t$ %é€日-/*;"].Array[0, 8].Select(chars => (SqlExpression)String(new string(chars))),
        Gen.OneOf("0", "1", "42", "1.5", ".5", "1e10", "99999999999999999999").Select(text => (SqlExpression)new Literal(LiteralKind.Number, text)),
        Gen.OneOf<SqlExpression>(new Literal(LiteralKind.BitString, "0101"), new Literal(LiteralKind.HexString, "1F")),
        Gen.Int[1, 20].Select(number => (SqlExpression)Parameter(number)),
        Gen.Enum<SqlValueKind>().Select(kind => (SqlExpression)new SqlValueFunction(kind)));

    /// <summary>Expressions of any kind.</summary>
    public static Gen<SqlExpression> Expression { get; } = Gen.Recursive<SqlExpression>(
        (depth, self) => depth >= MaxDepth ? Leaf : Gen.Frequency((2, Leaf), (8, Inner(self)), (depth == 0 ? 3 : 1, Subqueries(Leaf))));

    /// <summary>Queries of any kind.</summary>
    public static Gen<Query> Query { get; } = QueryOf(Expression);

    private static Gen<SqlExpression> Inner(Gen<SqlExpression> self) => Gen.OneOf(Operators(self), Values(self), Calls(self), Special(self));

    private static Gen<SyntaxList<T>> List<T>(Gen<T> item, int least, int most) => item.Array[least, most].Select(items => items.ToSyntaxList());

    private static Gen<SqlExpression> Operators(Gen<SqlExpression> self) => Gen.OneOf<SqlExpression>(
        Gen.Select(self, Operator, self, (left, name, right) => (SqlExpression)new BinaryExpression(left, name, right)),
        Gen.Select(PrefixOperator, self, (name, operand) => (SqlExpression)new UnaryExpression(name, operand)),
        Gen.Select(Gen.Enum<LogicalKind>(), List(self, 2, 4), (kind, operands) => (SqlExpression)new LogicalExpression(kind, operands)),
        self.Select(operand => (SqlExpression)new NotExpression(operand)),
        Gen.Select(self, Gen.Enum<IsKind>(), Gen.Bool, (operand, kind, negated) => (SqlExpression)new IsExpression(operand, kind, negated)),
        Gen.Select(self, self, Gen.Bool, (left, right, negated) => (SqlExpression)new DistinctFrom(left, right, negated)),
        Gen.Select(self, Operator, Gen.Enum<Quantifier>(), self, (left, name, quantifier, array) => (SqlExpression)new ArrayComparison(
            left, name, quantifier, array is SubqueryExpression { Kind: SubqueryKind.Scalar } ? Cast(array, TypeName.Named("t")) : array)),
        Gen.Select(self, Gen.Enum<JsonItemType>(), Gen.Bool, (operand, type, unique) => (SqlExpression)new IsJson(operand, type, unique)),
        Gen.Select(self, Qualified, (operand, collation) => (SqlExpression)new Collate(operand, collation)),
        Gen.Select(self, self.Null(), (operand, zone) => (SqlExpression)new AtTimeZone(operand, zone)),
        Gen.Select(self, Gen.Enum<UnicodeForm>(), (operand, form) => (SqlExpression)new IsNormalized(operand, form)));

    private static Gen<SqlExpression> Values(Gen<SqlExpression> self) => Gen.OneOf<SqlExpression>(
        Gen.Select(self, Type, (operand, type) => (SqlExpression)new Cast(operand, type)),
        List(self, 0, 3).Select(elements => (SqlExpression)new ArrayConstructor(elements)),
        List(self, 0, 3).Select(elements => (SqlExpression)new RowConstructor(elements)),
        List(self, 2, 3).Select(elements => (SqlExpression)new RowConstructor(elements, Explicit: false)),
        Gen.Select(self, Name, (operand, field) => (SqlExpression)new FieldSelection(operand, field)),
        self.Select(operand => (SqlExpression)new FieldExpansion(operand)),
        Gen.Select(self, List(SubscriptOf(self), 1, 2), (operand, subscripts) => (SqlExpression)new SubscriptExpression(operand, subscripts)),
        Gen.Select(self.Null(), List(Gen.Select(self, self, (condition, result) => new CaseBranch(condition, result)), 1, 3), self.Null(),
            (operand, branches, otherwise) => (SqlExpression)new CaseExpression(operand, branches, otherwise)),
        Gen.Select(self, self, (left, right) => (SqlExpression)NullIf(left, right)),
        Gen.Select(Gen.OneOf(ConditionalKind.Coalesce, ConditionalKind.Greatest, ConditionalKind.Least), List(self, 1, 3),
            (kind, arguments) => (SqlExpression)new ConditionalFunction(kind, arguments)),
        List(self, 1, 3).Select(arguments => (SqlExpression)new GroupingFunction(arguments)));

    private static Gen<Subscript> SubscriptOf(Gen<SqlExpression> self) => Gen.OneOf(
        self.Select(index => new Subscript(IsSlice: false, null, index)),
        Gen.Select(self.Null(), self.Null(), (lower, upper) => new Subscript(IsSlice: true, lower, upper)));

    private static Gen<OrderItem> OrderItemOf(Gen<SqlExpression> self) => Gen.Select(self, Gen.Bool, Gen.Bool.Nullable(), Operator.Null(),
        (expression, descending, nulls, name) => new OrderItem(expression) { Descending = descending && name is null, Using = name, NullsFirst = nulls });

    private static Gen<WindowReference> WindowOf(Gen<SqlExpression> self) => Gen.OneOf(
        Name.Select(name => (WindowReference)new NamedWindow(name)),
        SpecificationOf(self).Select(window => (WindowReference)window));

    private static Gen<WindowSpecification> SpecificationOf(Gen<SqlExpression> self) => Gen.Select(
        Name.Null(), List(self, 0, 2), List(OrderItemOf(self), 0, 2),
        Gen.Select(Gen.Enum<FrameUnit>(), BoundOf(self), BoundOf(self).Null(), Gen.Enum<FrameExclusion>(), (unit, start, end, exclusion) => new WindowFrame(unit, start, end, exclusion)).Null(),
        (window, partition, order, frame) => new WindowSpecification { Base = window, PartitionBy = partition, OrderBy = order, Frame = frame });

    private static Gen<FrameBound> BoundOf(Gen<SqlExpression> self) => Gen.Select(Gen.Enum<FrameBoundKind>(), self,
        (kind, offset) => new FrameBound(kind, kind is FrameBoundKind.Preceding or FrameBoundKind.Following ? offset : null));

    private static Gen<SqlExpression> Calls(Gen<SqlExpression> self)
    {
        var argument = Gen.Select(self, Name.Null(), (value, name) => new FunctionArgument(value, name));
        var arguments = Gen.Select(List(argument, 0, 2), argument, Gen.Bool, (first, last, variadic) => (Items: first.Add(last with { Variadic = variadic }), Variadic: variadic));
        var call = Gen.Select(Qualified, arguments, Gen.Bool, List(OrderItemOf(self), 0, 2),
            (name, list, distinct, order) => new FunctionCall(name, list.Items) { Distinct = distinct && !list.Variadic, OrderBy = order });
        return Gen.OneOf(
            call.Select(c => (SqlExpression)c),
            Qualified.Select(name => (SqlExpression)new FunctionCall(name, [])),
            Gen.Select(call, List(OrderItemOf(self), 0, 1), self.Null(), WindowOf(self).Null(),
                (c, within, filter, over) => (SqlExpression)(c with { WithinGroup = within, Filter = filter, Over = over })),
            WindowOf(self).Null().Select(over => (SqlExpression)(CountStar() with { Over = over })));
    }

    private static Gen<SqlExpression> Special(Gen<SqlExpression> self) => Gen.OneOf<SqlExpression>(
        Gen.Select(Name, self, (field, source) => (SqlExpression)new ExtractExpression(field, source)),
        Gen.Select(self, self, self.Null(), (operand, from, length) => (SqlExpression)new SubstringExpression(operand, from, length)),
        Gen.Select(self, self, self, (operand, pattern, escape) => (SqlExpression)new SimilarSubstring(operand, pattern, escape)),
        Gen.Select(self, self, self, self.Null(), (operand, by, from, length) => (SqlExpression)new OverlayExpression(operand, by, from, length)),
        Gen.Select(self, self, (part, operand) => (SqlExpression)new PositionExpression(part, operand)),
        Gen.Select(Gen.Enum<TrimSide>(), self.Null(), self, (side, characters, operand) => (SqlExpression)new TrimExpression(side, characters, operand)),
        Gen.Select(self, self, self, self, (a, b, c, d) => (SqlExpression)new OverlapsExpression(new RowConstructor([a, b]), new RowConstructor([c, d], Explicit: false))),
        Gen.Select(self, self, self, (key, value, other) => (SqlExpression)new JsonObjectConstructor(
            [new JsonEntry(key, new JsonValue(value, new JsonFormat())), new JsonEntry(other, new JsonValue(key))]) { Nulls = JsonNulls.Absent, UniqueKeys = true }),
        Gen.Select(self, self, Type, (context, path, type) => (SqlExpression)new JsonQueryFunction(
            JsonQueryKind.Value, new JsonValue(context), path, new JsonOutput { OnEmpty = new JsonBehavior(JsonBehaviorKind.Default, path) }) { Returning = new JsonReturning(type) }),
        Gen.Select(Name, self, self, (name, value, content) => (SqlExpression)new XmlElement(name, [new XmlNamedValue(value, name)], [content])),
        Gen.Select(self, self, (path, document) => (SqlExpression)new XmlExists(path, document)));

    private static Gen<SqlExpression> Subqueries(Gen<SqlExpression> self)
    {
        var query = QueryOf(self);
        return Gen.OneOf<SqlExpression>(
            Gen.Select(Gen.Enum<SubqueryKind>(), query, (kind, inner) => (SqlExpression)new SubqueryExpression(kind, inner)),
            Gen.Select(self, query, (operand, inner) => (SqlExpression)new InSubquery(operand, inner)),
            Gen.Select(self, Operator, Gen.Enum<Quantifier>(), query, (left, name, quantifier, inner) => (SqlExpression)new SubqueryComparison(left, name, quantifier, inner)));
    }

    private static Gen<Query> QueryOf(Gen<SqlExpression> self)
    {
        var simple = Gen.Select(BodyOf(self), List(OrderItemOf(self), 0, 2), self.Null(), self.Null(),
            (body, order, limit, offset) => new Query(body) { OrderBy = order, Limit = limit, Offset = offset });
        var table = Gen.Select(Name, simple, List(Name, 0, 2), Gen.Bool.Nullable(),
            (name, inner, columns, materialized) => new CommonTableExpression(name, inner) { Columns = columns, Materialized = materialized });
        return Gen.Select(simple, Gen.Select(List(table, 1, 2), Gen.Bool, (tables, recursive) => new WithClause(tables, recursive)).Null(),
            (inner, with) => inner with { With = with });
    }

    private static Gen<QueryBody> BodyOf(Gen<SqlExpression> self)
    {
        var values = List(List(self, 1, 2).Select(row => new ValuesRow(row)), 1, 2).Select(rows => (QueryBody)new ValuesBody(rows));
        var select = SelectOf(self).Select(body => (QueryBody)body);
        var nested = Gen.Select(select, self, (body, limit) => (QueryBody)new NestedQuery(new Query(body) { Limit = limit }));
        var operation = Gen.Select(Gen.OneOf(select, values, nested), Gen.Enum<SetOperationKind>(), Gen.Bool, Gen.OneOf(select, nested),
            (left, kind, all, right) => new SetOperation(left, kind, all, right));
        return Gen.Frequency(
            (4, select),
            (1, values),
            (1, operation.Select(body => (QueryBody)body)),
            (1, Gen.Select(operation, Gen.Enum<SetOperationKind>(), Gen.Bool, operation, (left, kind, all, right) => (QueryBody)new SetOperation(left, kind, all, right))));
    }

    private static Gen<SelectBody> SelectOf(Gen<SqlExpression> self) => Gen.Select(
        List(Gen.Select(self, Name.Null(), (expression, alias) => new SelectTarget(expression, alias)), 0, 3),
        List(FromOf(self), 0, 2),
        self.Null(),
        GroupByOf(self).Null(),
        List(self, 0, 2).Select(on => new DistinctClause(on)).Null(),
        List(Gen.Select(Name, SpecificationOf(self), (name, window) => new WindowDefinition(name, window)), 0, 1),
        (targets, from, where, group, distinct, windows)
            => new SelectBody(targets) { From = from, Where = where, GroupBy = group, Having = where, Distinct = targets.IsEmpty ? null : distinct, Windows = windows });

    private static Gen<GroupByClause> GroupByOf(Gen<SqlExpression> self)
    {
        // Bare parentheses about several expressions are the element, not a row in it.
        var expression = self.Select(e => e is RowConstructor { Explicit: false } row ? row with { Explicit = true } : e);
        var element = Gen.OneOf(Gen.Const(new GroupingExpressions([])), List(expression, 1, 3).Select(list => new GroupingExpressions(list))).Select(e => (GroupingElement)e);
        var several = List(expression, 1, 3).Select(list => (GroupingElement)new GroupingExpressions(list));
        var sets = Gen.OneOf(
            List(element, 1, 3).Select(elements => (GroupingElement)new GroupingSets(GroupingSetsKind.Sets, elements)),
            Gen.Select(Gen.OneOf(GroupingSetsKind.Rollup, GroupingSetsKind.Cube), List(several, 1, 3), (kind, elements) => (GroupingElement)new GroupingSets(kind, elements)));
        return Gen.Select(List(Gen.OneOf(element, sets), 1, 3), Gen.Bool, (elements, distinct) => new GroupByClause(elements, distinct));
    }

    private static Gen<FromItem> FromOf(Gen<SqlExpression> self)
    {
        var alias = Gen.Select(Name, List(Name, 0, 2), (name, columns) => new TableAlias(name, columns)).Null();
        var derived = SelectBodyOf(self);
        var item = Gen.OneOf<FromItem>(
            Gen.Select(Qualified, alias, Gen.Bool, (name, a, only) => (FromItem)new TableReference(name) { Alias = a, Only = only }),
            Gen.Select(derived, alias, Gen.Bool, (query, a, lateral) => (FromItem)new DerivedTable(query) { Alias = a, Lateral = lateral }),
            Gen.Select(Qualified, self, alias, Gen.Bool, (name, argument, a, ordinality)
                => (FromItem)new FunctionTable([new TableFunction(Call(name, argument))]) { Alias = a, WithOrdinality = ordinality }));
        var condition = Gen.OneOf<JoinCondition>(
            self.Select(predicate => (JoinCondition)new JoinOn(predicate)),
            Gen.Select(List(Name, 1, 2), Name.Null(), (columns, a) => (JoinCondition)new JoinUsing(columns, a)));
        var join = Gen.Select(item, Gen.Enum<JoinKind>(), item, condition, alias, (left, kind, right, on, a)
            => (FromItem)new JoinedTable(left, kind, right, kind == JoinKind.Cross ? null : on) { Alias = a });
        var tree = Gen.Select(Gen.OneOf(item, join), Gen.Enum<JoinKind>(), Gen.OneOf(item, join), condition, alias, (left, kind, right, on, a)
            => (FromItem)new JoinedTable(left, kind, right, kind == JoinKind.Cross ? null : on) { Alias = a });
        return Gen.OneOf(item, join, tree);
    }

    private static Gen<Query> SelectBodyOf(Gen<SqlExpression> self)
        => Gen.Select(self, self.Null(), (target, limit) => Select(new SelectTarget(target)).AsQuery() with { Limit = limit });
}
