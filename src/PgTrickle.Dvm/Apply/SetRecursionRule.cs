using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>
/// A node that keeps a linear recursion by UNION, R = B + f(R) with each row once, by deleting and rederiving (Gupta, Mumick and Subrahmanian, <em>Maintaining Views Incrementally</em>, SIGMOD 1993).
/// Gone is what B or f no longer yields of some row, and what the new f makes of gone rows: it may be too much, since what is gone may have been reached by another way, but of what stays
/// each row has a way that stays. Come is what is new in B or what f yields anew of what stays, and what of the gone they still yield; then what f makes of these.
/// </summary>
/// <param name="Result">What is stored: the columns of the recursion.</param>
/// <param name="Terms">B and f; the scan of R is one of the node's own table.</param>
internal sealed record SetRecursionRule(StoredResult Result, LinearRecursion Terms) : RootRule(Result)
{
    private static readonly SqlIdentifier Each = new("r");
    private static readonly SqlIdentifier Lost = new("g");

    public override bool Consolidates => false;

    public override IEnumerable<Operator> Reads => [Result.Source, Terms.Step];

    public override string Describe() => "delete what may have lost its way through the recursion, and rederive";

    public override ChangeSet? Change(DeltaContext context, Differentiator differentiator, PlanNames names)
    {
        var start = Changes(context, differentiator, Terms.Start, "start_");
        var step = Changes(context, differentiator, Terms.Step, "step_");
        if (start is null && step is null)
        {
            return null;
        }

        var lost = new[] { start, step }.OfType<SqlIdentifier>().Select(t => Signed(t, "<"));
        var gone = Closure(context, "gone_", [.. lost], rows => Stored(context, rows));
        List<SelectBody> found = [.. Rederived(context, Terms.Start, gone), .. Rederived(context, Terms.Step, gone)];
        found.AddRange(start is null ? [] : [Signed(start, ">")]);
        found.AddRange(step is null ? [] : [Led(context, step, gone)]);
        var come = Closure(context, "come_", found, rows => NotKept(context, rows, gone));
        return ZSetApply.Of(Result, context.Tables, [Weighted(gone, -1), Weighted(come, 1)], names);
    }

    /// <summary>D of a term. Rows of the step that follow from different rows do not cancel: the one that stays may hang on the one that went.</summary>
    private SqlIdentifier? Changes(DeltaContext context, Differentiator differentiator, Operator term, string name)
    {
        var columns = term.Columns.Select(static c => c.Reference).ToList();
        var terms = differentiator.Delta(term, columns.ToHashSet()).Select(f => DeltaContext.SelectWeighted(f, columns)).ToList();
        if (terms.Count == 0)
        {
            return null;
        }

        var table = context.Names.Next(name);
        var images = columns.Select((_, i) => new ImageColumn(NameSource.ColumnName(i), Result.Columns[i % Result.Columns.Count].Type)).ToList();
        context.Add(table, Consolidation.Select(Derived(UnionAll(terms).AsQuery(), Each), Each, images).AsQuery());
        return table;
    }

    /// <summary>What came or went of a term.</summary>
    private SelectBody Signed(SqlIdentifier changes, OperatorName sign)
        => Select(Own) with { From = [Table(changes, Each)], Where = Binary(Column(Each, Consolidation.Weight), sign, Integer(0)) };

    /// <summary>What comes of the changes of the step, of rows that stay.</summary>
    private SelectBody Led(DeltaContext context, SqlIdentifier step, SqlIdentifier gone)
    {
        var led = Signed(step, ">");
        var origin = Kept(context, gone, i => Column(Each, NameSource.ColumnName(Result.Columns.Count + i)));
        return led with { Where = And(led.Where!, IsTrue(origin)) };
    }

    /// <summary>The gone rows that a term yields, of rows that stay.</summary>
    private IEnumerable<SelectBody> Rederived(DeltaContext context, Operator term, SqlIdentifier gone)
    {
        var self = Terms.Self;
        var kept = Fragment.Of(context.TableOf(self, self.Alias)).Restricted(Not(IsAmong(Column(self.Alias, "ctid"), gone)));
        var rows = context.Present.Given(o => ReferenceEquals(o, self) ? kept : null).Read(term);
        var columns = term.Columns.Take(Result.Columns.Count).Select(c => (SqlExpression)c.Reference).ToList();
        var keys = Result.Columns.Select((c, i) => new KeyColumn(NameSource.ColumnName(i), rows.Resolve(columns[i]), c.Type, c.NotNull)).ToList();
        return Partitions.Within(rows, gone, keys).Select(f => f.Select(columns.Select((c, i) => f.Resolve(c).As(NameSource.ColumnName(i)))));
    }

    /// <summary>Rows and what the step, as it is now, makes of them and of what it makes of them, each once and as long as it is admitted.</summary>
    private SqlIdentifier Closure(DeltaContext context, string name, IReadOnlyList<SelectBody> first, Func<FromItem, SelectBody> admitted)
    {
        var (table, reached, alias) = (context.Names.Next(name), context.Names.Next("reached_"), context.Names.Next("d"));
        var self = Fragment.Of(Table(reached, alias)) with { Columns = DeltaContext.Renaming(Terms.Self.Columns.Select(static c => c.Reference).ToList(), alias) };
        var next = context.Present.Given(o => ReferenceEquals(o, Terms.Self) ? self : null).Read(Terms.Step);
        var step = next.Select(Terms.Step.Columns.Take(Result.Columns.Count).Select((c, i) => next.Resolve((SqlExpression)c.Reference).As(NameSource.ColumnName(i))));
        var begin = admitted(Derived(UnionAll(first).AsQuery() with { Limit = DeltaContext.Unforeseen(long.MaxValue) }, Each));
        var union = new SetOperation(begin, SetOperationKind.Union, All: false, admitted(Derived(step.AsQuery(), Each)));
        var all = Select(begin.Targets.Select(static t => Column(Each, t.Alias!).As(t.Alias!))) with { From = [Table(reached, Each)] };
        context.Add(table, all.AsQuery() with { With = new WithClause([Cte(reached, union.AsQuery())], Recursive: true) });
        return table;
    }

    /// <summary>Rows that are stored, with their place.</summary>
    private SelectBody Stored(DeltaContext context, FromItem rows)
    {
        var search = OfStored(context, Target.Ctid.As(Target.Tid), static i => Column(Each, NameSource.ColumnName(i))) with { Limit = Integer(1) };
        return Select([.. Own, Column(Lost, Target.Tid).As(Target.Tid)]) with { From = [CrossJoin(rows, Derived(search, Lost) with { Lateral = true })] };
    }

    /// <summary>Rows that are not stored, or gone.</summary>
    private SelectBody NotKept(DeltaContext context, FromItem rows, SqlIdentifier gone)
        => Select(Own) with { From = [rows], Where = IsNotTrue(Kept(context, gone, static i => Column(Each, NameSource.ColumnName(i)))) };

    /// <summary>
    /// Whether a row is stored and not gone; NULL if it is not stored. A sub-select, which no join can stand for: PostgreSQL might look rows up by one of the columns, and compare the others.
    /// </summary>
    private SubqueryExpression Kept(DeltaContext context, SqlIdentifier gone, Func<int, SqlExpression> value)
        => Scalar(OfStored(context, Not(IsAmong(Target.Ctid, gone)).As("kept"), value));

    private Query OfStored(DeltaContext context, SelectTarget target, Func<int, SqlExpression> value)
        => (Select(target) with { From = [context.TableOf(Terms.Self, Target.Alias)], Where = Target.IsRow(Result, value) }).AsQuery();

    /// <summary>Whether the row at a place is gone. However many PostgreSQL expects, it will hash them.</summary>
    private static InSubquery IsAmong(SqlExpression place, SqlIdentifier gone)
        => new(place, (Select(Column(Lost, Target.Tid).As(Target.Tid)) with { From = [Table(gone, Lost)] }).AsQuery());

    private IEnumerable<SelectTarget> Own => Result.Columns.Select(static (_, i) => Column(Each, NameSource.ColumnName(i)).As(NameSource.ColumnName(i)));

    private SelectBody Weighted(SqlIdentifier table, int weight)
        => Select([.. Own, Consolidation.AsBigInteger(Integer(weight)).As(Consolidation.Weight)]) with { From = [Table(table, Each)] };
}
