using System.Runtime.Serialization;
using Akka.Actor;
using Google.Protobuf;
using PgTrickle.Actors.Contracts;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Actors.Contracts.Serialization;
using PgTrickle.Actors.Tests.Fakes;
using Xunit.Abstractions;

namespace PgTrickle.Actors.Tests.Contracts;

public sealed class SerializerTests(ITestOutputHelper output) : ActorTest(output)
{
    private static readonly StreamTableId Id = new("shop/eu", 42);
    private static readonly DateTimeOffset Instant = new(2026, 2, 3, 4, 5, 6, 789, TimeSpan.Zero);

    private static readonly AssignmentData Assignment = new()
    {
        Id = 42,
        Name = "public.orders_by_region",
        DefinitionVersion = 7,
        Mode = "DIFFERENTIAL",
        Schedule = new TimetableData(TimeSpan.FromMilliseconds(1500), [new CronData("0 3 * * *", "UTC")], false),
        Tier = "warm",
        Timetable = new TimetableData(null, [], true),
        Level = 2,
        Upstream = [1, 2],
        Downstream = [50],
        Sources = [16400, uint.MaxValue],
        Group = new GroupData([1, 2, 42], [42], "slowest", true, [2]),
        WatchedSources = [16400],
        WatchedUpstream = [9],
        Announce = [new AdvanceLinkData(42, 50)],
        NeverSkips = true,
        FuseCeiling = 0,
        FuseSensitivity = 3,
    };

    public static IReadOnlyList<object> Messages { get; } =
    [
        new AssignStreamTable(
            Id, 3, Assignment, new StandingData("ACTIVE", true, true, 2, Instant), new RulesData(3, true, false, TimeSpan.FromMilliseconds(250))),
        new AssignStreamTable(
            Id, 3, Assignment with { Group = null, FuseCeiling = null }, new StandingData("ERROR", false, false, 0, null), new RulesData(1, false, true, TimeSpan.FromSeconds(1))),
        new WithdrawStreamTable(Id, 4),
        new UpstreamAdvanced(Id, 41),
        new RefreshStreamTable(Id, "command-5", Instant),
        new InitializeStreamTable(Id, "command-6", Instant),
        new WithdrawRequest(Id, "command-6"),
        new CommandWaits(),
        new CommandEnded(6),
        new StatusChanged(Id, "ACTIVE"),
        new RequestAnswered("command-5", [new MemberResult(42, "Full", 1, 2, 3)], null),
        new RequestAnswered("command-5", [], new FailureData(42, "Query", "22012", "division by zero", null, "Mend the data.")),
        new AssignmentWanted(Id),
        new AssignmentAccepted(Id, 9),
        new EntityStopped(Id),
        new StatusReported(Id, "SUSPENDED", "three errors"),
        new ReloadCatalog(5, "alter", 42, "alice"),
        new CatalogReloaded(5, 10),
        new NodeLoads("akka.tcp://pgtrickle@10.0.0.1:4000", [new ShardLoadData("17", 12.5)]),
        new GenerationPlanned(1, Instant, 2, 3, "start"),
        new GroupFormed(1, 42, [1, 2, 42], "fastest"),
        new GroupDissolved(2, 42),
        new DecisionNoted(2, 42, "public.t", DecisionSubject.Tier, "hot", "cold", "alice", Instant),
        new DecisionNoted(2, 42, "public.t", DecisionSubject.Existence, "public.t", null, "alice", Instant),
        new CoordinatorSnapshot(
            9, [new RememberedTable(42, "public.t", "hot", "ACTIVE", "FULL", "5s")], [new GroupFormed(1, 42, [1, 42], "fastest")]),
    ];

    [Fact]
    public void Every_message_comes_back_as_it_was()
    {
        foreach (var message in Messages)
        {
            var serializer = Assert.IsType<ContractSerializer>(Sys.Serialization.FindSerializerFor(message));
            var back = serializer.FromBinary(serializer.ToBinary(message), serializer.Manifest(message));
            Assert.IsType(message.GetType(), back);
            Assert.Equivalent(message, back, strict: true);
        }
    }

    [Fact]
    public void Every_manifest_has_a_message_in_the_round_trip_and_every_message_a_manifest()
    {
        var covered = Messages.Select(message => message.GetType()).ToHashSet();
        Assert.Equal([], ContractSerializer.Manifests.Where(entry => !covered.Contains(entry.Type)));
        var declared = typeof(IContractMessage).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IContractMessage)));
        Assert.Equal(declared.OrderBy(type => type.Name), ContractSerializer.Manifests.Select(entry => entry.Type).OrderBy(type => type.Name));
    }

    [Fact]
    public void Manifests_are_what_older_nodes_and_journals_know_them_by()
    {
        string[] known =
        [
            "advanced", "answer", "assign", "assignment-accepted", "assignment-wanted", "command-ended", "command-waits", "coordinator-snapshot", "decision",
            "entity-stopped", "generation-planned", "group-dissolved", "group-formed", "initialize", "loads", "refresh", "reload", "reloaded", "status",
            "status-changed", "withdraw", "withdraw-request",
        ];
        Assert.Equal(known, ContractSerializer.Manifests.Select(entry => entry.Manifest).Order());
    }

    [Fact]
    public void Fields_of_a_newer_release_are_skipped()
    {
        var serializer = new ContractSerializer((ExtendedActorSystem)Sys);
        var message = new UpstreamAdvanced(Id, 41);
        using var stream = new MemoryStream();
        stream.Write(serializer.ToBinary(message));
        var newer = new CodedOutputStream(stream, leaveOpen: true);
        newer.WriteTag(1000, WireFormat.WireType.LengthDelimited);
        newer.WriteString("what a later release adds");
        newer.Flush();
        Assert.Equal(message, serializer.FromBinary(stream.ToArray(), serializer.Manifest(message)));
    }

    [Fact]
    public void A_manifest_of_a_newer_release_is_an_error_that_names_it()
    {
        var serializer = new ContractSerializer((ExtendedActorSystem)Sys);
        Assert.Contains("from-the-future", Assert.Throws<SerializationException>(() => serializer.FromBinary([], "from-the-future")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shop/42", "shop", 42)]
    [InlineData("a/b/7", "a/b", 7)]
    public void An_entity_id_is_read_from_its_last_slash(string text, string database, long pgtId)
    {
        Assert.True(StreamTableId.TryParse(text, out var id));
        Assert.Equal(new StreamTableId(database, pgtId), id);
        Assert.Equal(text, id.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("shop")]
    [InlineData("/1")]
    [InlineData("shop/")]
    [InlineData("shop/-1")]
    [InlineData("shop/x")]
    public void What_is_no_entity_id_is_refused(string text) => Assert.False(StreamTableId.TryParse(text, out _));
}
