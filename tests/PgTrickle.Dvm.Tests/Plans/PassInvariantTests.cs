using PgTrickle.Dvm.Binding;
using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Tests.Plans;

/// <summary>What every pass has to keep: the columns of the result, references that resolve, and the reference itself when there is nothing to do.</summary>
public sealed class PassInvariantTests
{
    public static TheoryData<string> Names => [.. SampleQueries.All.Keys];

    [MemberData(nameof(Names))]
    [Theory]
    public void Passes_keep_columns_and_references(string name)
    {
        var tree = Bind(name);
        CheckReferences(tree, "binding");
        foreach (var pass in Pipeline.Passes)
        {
            var before = tree.Columns.Select(static c => (c.Reference, c.NotNull)).ToList();
            tree = pass.Apply(tree);
            Assert.Equal(before, tree.Columns.Select(static c => (c.Reference, c.NotNull)));
            CheckReferences(tree, pass.Name);
        }
    }

    [MemberData(nameof(Names))]
    [Theory]
    public void A_pass_with_nothing_left_to_do_returns_the_same_tree(string name)
    {
        var tree = Bind(name);
        foreach (var pass in Pipeline.Passes)
        {
            tree = pass.Apply(tree);
            Assert.Same(tree, pass.Apply(tree));
        }
    }

    [MemberData(nameof(Names))]
    [Theory]
    public void Statements_have_no_names_that_trees_have(string name)
    {
        var tree = Pipeline.Run(Bind(name));
        foreach (var relation in tree.DescendantsAndSelf().SelectMany(static o => o.Columns).Select(static c => c.Reference.Relation!.Value).Distinct())
        {
            Assert.Throws<ArgumentException>(() => new NameSource().Next(relation.TrimEnd("0123456789".ToCharArray())));
        }
    }

    [Fact]
    public void Filters_are_as_low_as_outer_joins_allow()
    {
        var tree = Pipeline.Run(Bind("filter_stays_above_padded_side"));
        Assert.Contains(tree.DescendantsAndSelf(), static o => o is Filter { Input: Join { Type: JoinType.Left } });
        Assert.Contains(Pipeline.Run(Bind("inner_join")).DescendantsAndSelf(), static o => o is Filter { Input: Scan });
    }

    [Fact]
    public void Keys_follow_from_keys_and_join_conditions()
    {
        Assert.Contains(KeyInference.Keys(Pipeline.Run(Bind("inner_join"))), static k => k.Count == 1);
        Assert.DoesNotContain(KeyInference.Keys(Pipeline.Run(Bind("left_join_by_key"))), static k => k.Count == 1);
        Assert.Empty(KeyInference.Keys(Pipeline.Run(Bind("key_is_not_in_the_result"))));
        Assert.Empty(KeyInference.Keys(Pipeline.Run(Bind("self_join"))));
    }

    private static Operator Bind(string name)
    {
        var analysis = SampleCatalog.Analyse(SampleQueries.All[name]);
        var context = new BindingContext(SampleCatalog.Snapshot, CompileOptions.Default);
        return new QueryBinder(context, new FunctionCatalog(analysis.Functions)).Bind(analysis.Query, CteScope.Empty);
    }

    private static void CheckReferences(Operator tree, string after)
    {
        CheckReferences(tree, [], after);
        var names = tree.DescendantsAndSelf().Select(static o => o switch
        {
            Scan s => s.Alias,
            Project p => p.Alias,
            UnionAll u => u.Alias,
            Aggregate a => a.Alias,
            Window w => w.Alias,
            Constant c => c.Alias,
            Generated g => g.Alias,
            _ => null,
        }).OfType<SqlIdentifier>().ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
    }

    /// <summary>What a dependent join's inner side refers to outside are columns of the outer side.</summary>
    private static void CheckReferences(Operator source, HashSet<ColumnReference> around, string after)
    {
        HashSet<ColumnReference> available = [.. around, .. source.Inputs.SelectMany(static i => i.Columns).Select(static c => c.Reference)];
        var missing = source.OwnExpressions().SelectMany(static e => e.References()).Where(c => !available.Contains(c)).ToList();
        Assert.True(missing.Count == 0, $"after {after}: {source.GetType().Name} refers to {string.Join(", ", missing.Select(static m => $"{m.Relation}.{m.Name}"))}");
        foreach (var input in source.Inputs)
        {
            CheckReferences(input, source is Dependent dependent && ReferenceEquals(input, dependent.Inner) ? [.. around, .. dependent.Outer.ColumnSet()] : around, after);
        }
    }
}
