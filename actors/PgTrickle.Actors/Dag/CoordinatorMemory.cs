using System.Collections.Immutable;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Scheduling.Graph;

namespace PgTrickle.Actors.Dag;

/// <summary>Why the coordinator looks at the catalog, and which roles' commands it has been told of.</summary>
/// <param name="Cause">For the journal.</param>
/// <param name="AskedBy">The role that asked, by stream table.</param>
internal sealed record Occasion(string Cause, ImmutableDictionary<long, string> AskedBy);

/// <summary>
/// What the coordinator remembers beyond the catalog: the generation, and what it last knew, so that each change is journalled once
/// with who asked for it. <see cref="Decide"/> is pure; only events change the memory.
/// </summary>
internal sealed record CoordinatorMemory
{
    private const string Catalog = "catalog";

    public static CoordinatorMemory Empty { get; } = new();

    public long Generation { get; private init; }

    public ImmutableSortedDictionary<long, RememberedTable> Tables { get; private init; } = ImmutableSortedDictionary<long, RememberedTable>.Empty;

    public ImmutableSortedDictionary<long, GroupFormed> Groups { get; private init; } = ImmutableSortedDictionary<long, GroupFormed>.Empty;

    /// <summary>
    /// The events of a newly read catalog: a generation when any assignment changed or the coordinator has just started (its messages must prevail
    /// over its predecessor's), and one decision for each thing that changed.
    /// </summary>
    /// <param name="planned">The catalog as it is.</param>
    /// <param name="changed">How many assignments differ from the last plan.</param>
    /// <param name="isFirst">Whether this coordinator has just started.</param>
    /// <param name="occasion">Why it looked.</param>
    /// <param name="now">The time to journal.</param>
    public ImmutableArray<ICoordinatorEvent> Decide(PlannedCatalog planned, int changed, bool isFirst, Occasion occasion, DateTimeOffset now)
    {
        var generation = changed > 0 || isFirst ? Generation + 1 : Generation;
        var events = ImmutableArray.CreateBuilder<ICoordinatorEvent>();
        if (generation != Generation)
        {
            events.Add(new GenerationPlanned(generation, now, planned.Plan.Assignments.Count, changed, occasion.Cause));
        }

        foreach (var group in planned.Plan.Groups)
        {
            if (!Groups.TryGetValue(group.Owner, out var known) || !known.Members.SequenceEqual(group.Members) || known.Policy != group.Policy.ToKeyword())
            {
                events.Add(new GroupFormed(generation, group.Owner, group.Members.AsImmutableArray(), group.Policy.ToKeyword()));
            }
        }

        var owners = planned.Plan.Groups.Select(group => group.Owner).ToHashSet();
        events.AddRange(Groups.Keys.Where(owner => !owners.Contains(owner)).Select(owner => new GroupDissolved(generation, owner)));
        foreach (var table in planned.Tables.Values.OrderBy(table => table.PgtId))
        {
            var present = new RememberedTable(
                table.PgtId, $"{table.Schema}.{table.Name}", table.Tier, table.Status, table.EffectiveRefreshMode ?? table.RefreshMode, table.Schedule);
            AddChanges(events, Tables.GetValueOrDefault(table.PgtId), present, generation, occasion, now);
        }

        events.AddRange(Tables.Values
            .Where(table => !planned.Tables.ContainsKey(table.PgtId))
            .Select(table => new DecisionNoted(
                generation, table.PgtId, table.Name, DecisionSubject.Existence, table.Name, null, AskedBy(occasion, table.PgtId), now)));
        return events.ToImmutable();
    }

    public CoordinatorMemory Apply(ICoordinatorEvent occurred) => occurred switch
    {
        GenerationPlanned planned => this with { Generation = planned.Generation },
        GroupFormed formed => this with { Groups = Groups.SetItem(formed.Owner, formed) },
        GroupDissolved dissolved => this with { Groups = Groups.Remove(dissolved.Owner) },
        DecisionNoted { Subject: DecisionSubject.Existence, After: null } gone => this with { Tables = Tables.Remove(gone.PgtId) },
        DecisionNoted decision => this with { Tables = Tables.SetItem(decision.PgtId, After(decision)) },
        _ => this,
    };

    public CoordinatorSnapshot ToSnapshot() => new(Generation, [.. Tables.Values], [.. Groups.Values]);

    public static CoordinatorMemory From(CoordinatorSnapshot snapshot) => new()
    {
        Generation = snapshot.Generation,
        Tables = snapshot.Tables.ToImmutableSortedDictionary(table => table.PgtId, table => table),
        Groups = snapshot.Groups.ToImmutableSortedDictionary(group => group.Owner, group => group),
    };

    private static void AddChanges(
        ImmutableArray<ICoordinatorEvent>.Builder events,
        RememberedTable? known,
        RememberedTable present,
        long generation,
        Occasion occasion,
        DateTimeOffset now)
    {
        if (known is null)
        {
            Add(DecisionSubject.Existence, null, present.Name);
        }

        Compare(DecisionSubject.Tier, known?.Tier, present.Tier);
        Compare(DecisionSubject.Status, known?.Status, present.Status);
        Compare(DecisionSubject.Mode, known?.Mode, present.Mode);
        Compare(DecisionSubject.Schedule, known?.Schedule, present.Schedule);

        void Compare(DecisionSubject subject, string? before, string after)
        {
            if (before != after)
            {
                Add(subject, before, after);
            }
        }

        void Add(DecisionSubject subject, string? before, string after) => events.Add(new DecisionNoted(
            generation, present.PgtId, present.Name, subject, before, after, AskedBy(occasion, present.PgtId), now));
    }

    private static string AskedBy(Occasion occasion, long pgtId) => occasion.AskedBy.GetValueOrDefault(pgtId, Catalog);

    private RememberedTable After(DecisionNoted decision)
    {
        var table = Tables.GetValueOrDefault(decision.PgtId) ?? new RememberedTable(decision.PgtId, decision.Name, "", "", "", "");
        var value = decision.After ?? "";
        return decision.Subject switch
        {
            DecisionSubject.Tier => table with { Tier = value },
            DecisionSubject.Status => table with { Status = value },
            DecisionSubject.Mode => table with { Mode = value },
            DecisionSubject.Schedule => table with { Schedule = value },
            _ => table with { Name = decision.Name },
        };
    }
}
