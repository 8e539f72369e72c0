using System.CommandLine;
using PgTrickle.Benchmarks.Capture;
using PgTrickle.Benchmarks.Compilation;
using PgTrickle.Benchmarks.Fuzz;
using PgTrickle.Benchmarks.Gateway;
using PgTrickle.Benchmarks.Idle;
using PgTrickle.Benchmarks.Refresh;
using PgTrickle.Benchmarks.Workloads;
using PgTrickle.Workloads.Graphs;
using PgTrickle.Workloads.Nexmark;
using PgTrickle.Workloads.Ssb;
using PgTrickle.Workloads.Tpch;

namespace PgTrickle.Benchmarks;

/// <summary>Benchmarks that print ratios taken in one run; what they compare alternates, so that a drift of the machine hits both sides.</summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments)
    {
        var root = new RootCommand("Benchmarks of PgTrickle.Cluster. Each starts a server of its own and prints a table of medians and ratios.")
        {
            RefreshBenchmark.Command(),
            CaptureBenchmark.Command(),
            CompilationBenchmark.Command(),
            IdleBenchmark.Command(),
            GatewayBenchmark.Command(),
            FuzzCommand.Command(),
            WorkloadBenchmark.Command(
                "tpch", "The 22 queries of TPC-H as stream tables, against evaluating them.",
                static (seed, scale, ordersOnly) => new TpchWorkload(seed, scale, ordersOnly),
                new Option<bool>("--orders-only") { Description = "Only orders and line items change." }),
            WorkloadBenchmark.Command(
                "nexmark", "The relational queries of Nexmark as stream tables, against evaluating them.", static (seed, scale) => new NexmarkWorkload(seed, scale)),
            WorkloadBenchmark.Command(
                "ssb", "The 13 queries of the star schema benchmark as stream tables, against evaluating them.", static (seed, scale) => new SsbWorkload(seed, scale)),
            WorkloadBenchmark.Command(
                "graph", "Recursive queries over a tree and a graph as stream tables, against evaluating them.", static (seed, scale) => new GraphWorkload(seed, scale)),
        };
        return root.Parse(arguments).InvokeAsync();
    }
}
