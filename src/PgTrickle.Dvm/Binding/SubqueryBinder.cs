using System.Globalization;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// Binds sub-selects in expressions. EXISTS, IN, ANY and ALL ask whether there are rows that satisfy conditions: as a condition of WHERE they are semi and anti joins, as a value
/// marks, of which the three-valued ones need a second: are there rows for which the comparison is NULL? Scalar sub-selects are joined, or depend on the row.
/// </summary>
internal sealed class SubqueryBinder(BindingContext context, QueryBinder queries, FunctionCatalog functions)
{
    /// <summary>The value of a sub-select, over columns that <see cref="Scope.Places"/> of the scope will attach.</summary>
    public SqlExpression Place(SqlExpression node, Scope scope, Func<SqlExpression, SqlExpression> bind)
    {
        var places = scope.Places ?? throw context.NotImplemented("sub-select", "it stands where none is expected");
        return places.ValueOf(node, () => Asked(node) is { } quantified
            ? Value(quantified, scope, places, quantified.Operands.Select(o => Outside(bind(o), scope)).ToSyntaxList())
            : node is SubqueryExpression { Kind: SubqueryKind.Array } array ? Array(array.Query, scope, places)
            : Scalar(((SubqueryExpression)node).Query, scope, places));
    }

    private Quantified? Asked(SqlNode node)
        => Quantified.Of(node) is not { } quantified ? null : quantified.Kind is null ? quantified with { Query = ExistenceQuery.Of(quantified.Query, functions) } : quantified;

    /// <summary>An operand, which is moved into a condition on the sub-select's rows; aggregates and windows in it are not over those.</summary>
    private SqlExpression Outside(SqlExpression operand, Scope scope)
    {
        if (operand.DescendantsAndSelf().Any(static n => n is FunctionCall { Over: not null }))
        {
            throw context.NotImplemented("comparison with a sub-select", "what is compared is a window function");
        }

        return operand.Rewrite(n => n is FunctionCall call && functions.IsAggregate(call) && scope.Aggregates is { } outside ? outside.Add(call) : n);
    }

    /// <summary>Keeps the rows for which a condition holds, if it is one that asks a sub-select for rows; null if not.</summary>
    public Operator? Condition(Operator source, SqlExpression conjunct, Scope scope, Func<SqlExpression, SqlExpression> bind)
    {
        var negated = false;
        while (conjunct is NotExpression not)
        {
            (conjunct, negated) = (not.Operand, !negated);
        }

        if (Asked(conjunct) is not { } quantified)
        {
            return null;
        }

        var operands = quantified.Operands.Select(bind).ToSyntaxList();
        source = scope.Places!.Attach(source, operands);

        // All rows satisfy the comparison if no row fails to: what would be an ANY of the opposite is asked, and the answer is turned about.
        var isAll = quantified.Kind == Quantifier.All;
        var keep = negated == isAll;
        var tests = new List<Test>();
        var first = BindRows(quantified.Query, scope);
        if (first is null)
        {
            return null;
        }

        var values = first.Values;
        var compared = quantified.Kind is null ? True : Compared(quantified, operands, Checked(operands, values));
        var opposite = isAll ? quantified.Negated() is { } inverse ? Compared(inverse, operands, values) : Not(compared) : compared;
        tests.Add(new Test(first, opposite));
        if (quantified.Kind is not null && !keep)
        {
            tests.AddRange(NullTests(quantified, operands, first, scope));
        }

        if (tests.Exists(t => ReadsClockOutside(t)))
        {
            return null;
        }

        foreach (var test in tests)
        {
            source = new Match(keep ? MatchKind.Semi : MatchKind.Anti, context.NewName("mark"), source, test.Rows.Source, And([.. test.Predicate.Conjuncts(), .. test.Rows.Conditions]));
        }

        return source;
    }

    private SqlExpression Value(Quantified quantified, Scope scope, SubqueryPlaces places, SyntaxList<SqlExpression> operands)
    {
        var rows = BindRows(quantified.Query, scope);
        if (rows is null)
        {
            return Counted(quantified, operands, scope, places);
        }

        var compared = quantified.Kind is null ? True : Compared(quantified, operands, Checked(operands, rows.Values));
        var isAll = quantified.Kind == Quantifier.All;
        var decisive = isAll ? quantified.Negated() is { } inverse ? Compared(inverse, operands, rows.Values) : Not(compared) : compared;
        var nulls = quantified.Kind is null ? [] : NullTests(quantified, operands, rows, scope).ToList();
        if (new Test(rows, decisive) is var test && (ReadsClockOutside(test) || nulls.Exists(ReadsClockOutside)))
        {
            return Counted(quantified, operands, scope, places);
        }

        SqlExpression Mark(Test t) => places.AddMark(context.NewName("mark"), t.Rows.Source, And([.. t.Predicate.Conjuncts(), .. t.Rows.Conditions]));
        var decided = Mark(test);
        return quantified.Kind is null ? decided : ThreeValued(isAll, decided, nulls.Select(Mark));
    }

    private static CaseExpression ThreeValued(bool isAll, SqlExpression decided, IEnumerable<SqlExpression> unknown) => new(
        null,
        [new CaseBranch(decided, isAll ? False : True), .. Branch(Or(unknown))],
        isAll ? True : False);

    private static IEnumerable<CaseBranch> Branch(SqlExpression unknown)
        => unknown == False ? [] : [new CaseBranch(unknown, Cast(Null, TypeName.Standard("boolean")))];

    /// <summary>Whether there are rows for which the comparison is NULL: that one of one column is comes from either side, and each is asked for by itself.</summary>
    private IEnumerable<Test> NullTests(Quantified quantified, SyntaxList<SqlExpression> operands, Rows rows, Scope scope)
    {
        var inner = rows.Source.Columns.ToDictionary(static c => c.Reference);
        var lefts = operands.Select(o => ExpressionType.Of(o, c => scope.Known?.GetValueOrDefault(c))).ToList();
        var rights = rows.Values.Select(v => ExpressionType.Of(v, inner.GetValueOrDefault)).ToList();
        var (left, right) = (lefts.TrueForAll(static t => t.NotNull), rights.TrueForAll(static t => t.NotNull));
        var comparison = quantified.Operator is { Schema: null, Symbol: "=" or "<>" or "<" or "<=" or ">" or ">=" };
        if (left && right && comparison)
        {
            yield break;
        }

        if (!quantified.IsStrict)
        {
            var same = BindRows(quantified.Query, scope)!;
            yield return new Test(same, IsNull(quantified.Compare(operands, same.Values)));
            yield break;
        }

        if (!right)
        {
            var again = BindRows(quantified.Query, scope)!;
            yield return new Test(again, Equality.IsMissing(again.Values[0], rights[0].Type));
        }

        if (!left)
        {
            yield return new Test(BindRows(quantified.Query, scope)!, Equality.IsMissing(operands[0], lefts[0].Type));
        }
    }

    /// <summary>Conditions on partners alone are asked of them; others must not change with the clock.</summary>
    private static bool ReadsClockOutside(Test test)
    {
        var inner = test.Rows.Source.ColumnSet();
        return test.Rows.Conditions.Append(test.Predicate).SelectMany(static p => p.Conjuncts()).Any(c => ClockExpressions.ReadsClock(c) && !c.IsOver(inner));
    }

    private SqlExpression Compared(Quantified quantified, SyntaxList<SqlExpression> operands, SyntaxList<SqlExpression> values)
        => quantified.Compare(operands, values).Rewrite(context.Collations.Settle);

    private SyntaxList<SqlExpression> Checked(SyntaxList<SqlExpression> operands, SyntaxList<SqlExpression> values)
        => operands.Count == values.Count ? values : throw context.NotImplemented("comparison of rows with a sub-select", "the numbers of columns differ");

    /// <summary>Rows that depend on the outer row in a way that no condition tells: those that pass are counted for each outer row.</summary>
    private SqlExpression Counted(Quantified quantified, SyntaxList<SqlExpression> operands, Scope scope, SubqueryPlaces places)
    {
        var inner = queries.Bind(quantified.Query, scope.Ctes with { Around = scope });
        var values = inner.Columns.Select(static c => (SqlExpression)c.Reference).ToSyntaxList();
        var compared = quantified.Kind is null ? True : quantified.Compare(operands, Checked(operands, values));
        var isAll = quantified.Kind == Quantifier.All;
        var alias = context.NewName("a");
        AggregateColumn Count(SqlIdentifier name, SqlExpression filter) => new(name, CountStar() with { Filter = filter == True ? null : filter }, WellKnownTypes.BigInteger);
        SyntaxList<AggregateColumn> counts = quantified.Kind is null
            ? [Count("f1", True)]
            : [Count("f1", isAll ? Not(compared) : compared), Count("f2", IsNull(compared))];
        var aggregate = new Aggregate(alias, inner, [], counts);
        var project = new Project(context.NewName("p"), aggregate, aggregate.Columns.Select(static c => new ComputedColumn(c.Name, c.Reference, c.Type, c.NotNull)).ToSyntaxList());
        places.AddRows(JoinType.Inner, project, True);
        SqlExpression Some(SqlIdentifier name) => Greater(Column(project.Alias, name), Integer(0));
        return quantified.Kind is null ? Some("f1") : ThreeValued(isAll, Some("f1"), [Some("f2")]);
    }

    /// <summary>The value of a sub-select; of one with several columns the row of their values, which something is compared with.</summary>
    private SqlExpression Scalar(Query query, Scope scope, SubqueryPlaces places)
    {
        var inner = context.Within("sub-select", () => queries.Bind(query, scope.Ctes with { Around = scope }));
        var values = inner.Columns.Select(static c => (SqlExpression)c.Reference).ToSyntaxList();
        if (inner is Project { Input: Aggregate { Keys.IsEmpty: true } })
        {
            places.AddRows(JoinType.Inner, inner, True);
        }
        else if (Correlation.TakeOut(inner, existence: false, groups: false) is { Conditions.IsEmpty: false } rows && IsAtMostOne(rows)
            && !rows.Conditions.Any(ClockExpressions.ReadsClock))
        {
            places.AddRows(JoinType.Left, rows.Source, And(rows.Conditions));
        }
        else if (KeyInference.Keys(inner).Any(static k => k.Count == 0))
        {
            places.AddRows(JoinType.Left, inner, True);
        }
        else
        {
            values = Single(inner, places);
        }

        return values is [var only] ? only : Row(values);
    }

    private static bool IsAtMostOne(Uncorrelated rows)
    {
        var inner = rows.Source.ColumnSet();
        var types = rows.Source.Columns.ToDictionary(static c => c.Reference, static c => c.Type);

        // Texts of any length compare as text, whatever their declaration.
        SqlExpression? Plain(SqlExpression? operand) => operand is Cast { Operand: ColumnReference column, Type: var type }
            && types.GetValueOrDefault(column)?.BaseOid == TypeFacts.Varchar && WellKnownTypes.Read(type)?.Oid == TypeFacts.Text ? column : operand;
        var known = rows.Conditions.Select(c => Plain(Correlation.Equality(c, inner)?.Inner)).OfType<ColumnReference>().ToHashSet();
        return KeyInference.Keys(rows.Source).Any(k => k.IsSubsetOf(known));
    }

    /// <summary>
    /// The only row's values. That there are more is an error, but only if somebody asks for a value: then, and only then, a sub-select of two rows is evaluated in its place.
    /// </summary>
    private SyntaxList<SqlExpression> Single(Operator inner, SubqueryPlaces places)
    {
        var isPlain = inner.Columns.All(static c => c.Type is { IsArray: false });
        var project = isPlain ? Collected(inner) : Numbered(inner);
        places.AddRows(isPlain ? JoinType.Inner : JoinType.Left, project, True);
        var n = project.Columns[0].Reference;
        return project.Columns.Skip(1).Select(column =>
        {
            var v = column.Reference;
            var twice = Select(v.As("v")) with { From = [Function(Call("generate_series", Integer(1), n), "more")] };
            return (SqlExpression)Case(Greater(n, Integer(1)), Sql.SqlFactory.Scalar(twice.AsQuery()), v);
        }).ToSyntaxList();
    }

    /// <summary>The number of rows, and the first element of an array of the values of each column.</summary>
    private Project Collected(Operator inner)
    {
        var alias = context.NewName("a");
        var gathered = inner.Columns.Select((c, i) => new AggregateColumn(Name("f", i + 1), Call("array_agg", c.Reference), null)).ToList();
        var aggregate = new Aggregate(alias, inner, [], [new AggregateColumn("f1", CountStar(), WellKnownTypes.BigInteger), .. gathered]);
        var count = Column(alias, "f1");
        SqlExpression First(AggregateColumn values) => new SubscriptExpression(Column(alias, values.Name), [new Subscript(false, null, Integer(1))]);
        return new Project(context.NewName("p"), aggregate,
        [
            new ComputedColumn("n", count, WellKnownTypes.BigInteger, NotNull: true),
            .. gathered.Select((g, i) => new ComputedColumn(Name("v", i), Case(Eq(count, Integer(1)), First(g)), inner.Columns[i].Type, NotNull: false)),
        ]);
    }

    /// <summary>The same of what is, or may be, an array: an array of arrays is one of more dimensions, which has no first array. Any of the rows, with their number.</summary>
    private Project Numbered(Operator inner)
    {
        var alias = context.NewName("w");
        var count = CountStar() with { Over = new WindowSpecification() };
        var kept = inner.Columns.Select((c, i) => new ComputedColumn(Name("c", i), c.Reference, c.Type, c.NotNull)).ToSyntaxList();
        var window = new Window(alias, inner, kept, [], [new WindowColumn("f1", count, WellKnownTypes.BigInteger)]);
        return new Project(context.NewName("p"), new TopK(window, [], Integer(1), null, WithTies: false),
        [
            new ComputedColumn("n", Column(alias, "f1"), WellKnownTypes.BigInteger, NotNull: true),
            .. kept.Select((k, i) => new ComputedColumn(Name("v", i), Column(alias, k.Name), k.Type, NotNull: false)),
        ]);
    }

    private static SqlIdentifier Name(string word, int index) => new(string.Create(CultureInfo.InvariantCulture, $"{word}{index + 1}"));

    /// <summary>The values of all rows; an order that a slice would go by is the order of the array.</summary>
    private ConditionalFunction Array(Query query, Scope scope, SubqueryPlaces places)
    {
        var isSliced = query.Limit is not null || query.Offset is not null;
        var sorted = isSliced || query.OrderBy.IsEmpty ? query : query with { Limit = Integer(long.MaxValue) };
        var inner = context.Within("sub-select", () => queries.Bind(sorted, scope.Ctes with { Around = scope }));
        var value = (SqlExpression)inner.Columns[0].Reference;
        SyntaxList<OrderItem> order = [];
        if (inner is Project { Input: TopK top } project)
        {
            (inner, value, order) = (isSliced ? top : top.Input, project.Outputs[0].Expression, top.Order);
        }
        else if (isSliced)
        {
            throw context.NotImplemented("ARRAY of a slice whose LIMIT is computed", "its order is not at hand above the slice");
        }

        var aggregate = new Aggregate(context.NewName("a"), inner, [], [new AggregateColumn("f1", Call("array_agg", value) with { OrderBy = order }, null)]);
        var outer = new Project(context.NewName("p"), aggregate, [new ComputedColumn("v", aggregate.Columns[0].Reference, null, NotNull: false)]);
        places.AddRows(JoinType.Inner, outer, True);
        return Coalesce(outer.Columns[0].Reference, String("{}"));
    }

    /// <summary>The rows of a sub-select of which it matters only whether some satisfy a condition; null if they depend on the outer row in more than conditions.</summary>
    private Rows? BindRows(Query query, Scope scope)
    {
        var inner = context.Within("sub-select", () => queries.Bind(query, scope.Ctes with { Around = scope }));
        while (inner is Distinct distinct)
        {
            inner = distinct.Input;
        }

        var values = inner.Columns.Select(static c => (SqlExpression)c.Reference).ToSyntaxList();
        if (inner is Project project)
        {
            (inner, values) = (project.Input, project.Outputs.Select(static o => o.Expression).ToSyntaxList());
        }

        context.Collations.Know(inner);
        return Correlation.TakeOut(inner, existence: true, groups: true) is { } rows ? new Rows(rows.Source, rows.Conditions, values) : null;
    }

    /// <summary>Rows without correlation, what relates them to the outer row, and the sub-select's columns over both.</summary>
    private sealed record Rows(Operator Source, SyntaxList<SqlExpression> Conditions, SyntaxList<SqlExpression> Values);

    /// <summary>A condition that some of the rows may satisfy.</summary>
    private sealed record Test(Rows Rows, SqlExpression Predicate);
}
