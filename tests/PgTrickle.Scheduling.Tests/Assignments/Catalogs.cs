using CsCheck;
using PgTrickle.Scheduling.Assignments;
using PgTrickle.Scheduling.Graph;
using PgTrickle.Scheduling.Schedules;
using PgTrickle.Scheduling.Tests.Graph;
using PgTrickle.Scheduling.Tests.Schedules;

namespace PgTrickle.Scheduling.Tests.Assignments;

internal static class Catalogs
{
    private static readonly string[] Schedules = ["calculated", "5s", "1m", "1h", "@hourly", "*/5 * * * *"];

    /// <summary>Random catalogs over random acyclic graphs.</summary>
    public static Gen<StreamTableInfo[]> Any(int most) => Gen.Select(Graphs.Acyclic(most), Gen.Int[0, 999_999].Array[most]).Select((nodes, choices) =>
        nodes.Select((node, index) => Table(node.Id, Schedules[choices[index] % 6], [.. node.Upstream], [.. node.Sources]) with
        {
            Tier = (Tier)(choices[index] / 6 % 8 % 4),
            Mode = choices[index] / 48 % 7 == 0 ? RefreshMode.Immediate : RefreshMode.Differential,
            DiamondConsistency = (DiamondConsistency)(choices[index] / 336 % 2),
            DiamondSchedulePolicy = (DiamondSchedulePolicy)(choices[index] / 672 % 2),
            Status = choices[index] / 1344 % 5 == 0 ? StreamTableStatus.Suspended : StreamTableStatus.Active,
        }).ToArray());

    public static StreamTableInfo Table(long id, string schedule, long[] upstream, params uint[] sources) => new(
        id,
        $"public.t{id}",
        ScheduleParserTests.Read(schedule),
        Tier.Hot,
        RefreshMode.Differential,
        StreamTableStatus.Active,
        DiamondConsistency.Atomic,
        DiamondSchedulePolicy.Fastest,
        upstream.ToEquatableArray(),
        sources.ToEquatableArray(),
        DefinitionVersion: 1);
}
