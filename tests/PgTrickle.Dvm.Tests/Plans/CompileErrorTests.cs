using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql;

namespace PgTrickle.Dvm.Tests.Plans;

/// <summary>Errors of the compiler are typed, and name what they are about.</summary>
public sealed class CompileErrorTests
{
    [Fact]
    public void An_error_names_construct_and_position()
    {
        var error = Assert.Throws<CompileException>(() => SampleCatalog.Compile(
            "SELECT x.id FROM ( SELECT customers.id FROM public.customers WHERE (customers.id > 1) LIMIT 3) x")).Error;
        Assert.Equal(CompileErrorKind.Unsupported, error.Kind);
        Assert.Equal("LIMIT without ORDER BY", error.Construct);
        Assert.Equal("in subquery of FROM item 1", error.Location);
        Assert.Contains("AUTO", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_is_bounded()
    {
        var text = "SELECT log.k FROM public.log";
        for (var i = 0; i < 40; i++)
        {
            text = $"SELECT x{i}.k FROM ( {text}) x{i}";
        }

        var error = Assert.Throws<CompileException>(() => SampleCatalog.Compile(text)).Error;
        Assert.Equal("nesting", error.Construct);
        Assert.NotNull(SampleCatalog.Compile(text, new CompileOptions { MaxDepth = 200 }));
    }

    [Fact]
    public void A_relation_that_the_catalog_lacks_is_an_internal_error()
    {
        var analysis = SampleCatalog.Analyse("SELECT log.k FROM public.log");
        var error = Assert.Throws<CompileException>(() => Compiler.Compile(analysis, new CatalogSnapshot(), new CompileOptions { Mode = RequestedMode.Differential })).Error;
        Assert.Equal(CompileErrorKind.Internal, error.Kind);
        Assert.Equal("XX000", error.SqlState);
    }

    [Fact]
    public void Reserved_column_names_are_refused_in_every_mode()
    {
        var analysis = new QueryAnalysis(
            "SELECT log.k AS __pgt_x FROM public.log", CanonicalSql.ParseQuery("SELECT log.k AS __pgt_x FROM public.log"), [new OutputColumn("__pgt_x", WellKnownTypes.Integer)], []);
        Assert.Throws<CompileException>(() => Compiler.Compile(analysis, SampleCatalog.Snapshot, new CompileOptions { Mode = RequestedMode.Full }));
    }

    [Fact]
    public void Too_many_relations_fall_back_with_the_reason()
    {
        var plan = SampleCatalog.Compile("SELECT a.k FROM public.log a, public.log b, public.log c", new CompileOptions { MaxSources = 2 });
        Assert.Equal(PlanMode.Full, plan.Mode);
        Assert.Equal("FROM", plan.Fallback!.Construct);
    }

    [Fact]
    public void Only_columns_in_use_are_captured()
    {
        var plan = SampleCatalog.Compile("SELECT o.id FROM (public.orders o JOIN public.customers c ON ((c.id = o.customer_id))) WHERE (c.tier = 'x'::text)");
        Assert.Equal(["id", "customer_id"], plan.Sources[0].Columns.Select(static c => c.Name.Value));
        Assert.Equal(["id", "tier"], plan.Sources[1].Columns.Select(static c => c.Name.Value));
        Assert.Empty(SampleCatalog.Compile("SELECT count(*) AS n FROM public.log").Sources[0].Columns);
    }

    [Fact]
    public void A_mask_without_bits_of_the_plan_is_nothing_to_do()
        => Assert.Empty(SampleCatalog.Compile("SELECT log.k FROM public.log").Delta(new PlanNames("st", ["changes"]), 6));
}
