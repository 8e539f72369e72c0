using Akka.Actor;
using PgTrickle.Scheduling;

namespace PgTrickle.Actors.Capture;

/// <summary>Messages between the change detector and its node; they never leave it.</summary>
public interface IDetectorMessage : INoSerializationVerificationNeeded;

/// <summary>The sender wants to hear of changes of these tables, instead of those that it named before.</summary>
/// <param name="Sources">OIDs; empty for none.</param>
/// <param name="Interval">The shortest time within which it may want to react; null for none.</param>
public sealed record WatchSources(EquatableArray<uint> Sources, TimeSpan? Interval) : IDetectorMessage;

/// <summary>To an entity: committed changes of watched tables.</summary>
public sealed record TablesChanged(EquatableArray<uint> Sources) : IDetectorMessage;

/// <summary>To an entity: any table may have changed.</summary>
public sealed record AnyTableMayHaveChanged : IDetectorMessage;

/// <summary>To the command router: commands wait.</summary>
public sealed record CommandsMayWait : IDetectorMessage;

/// <summary>Poll now: somebody knows that something changed.</summary>
public sealed record PollNow : IDetectorMessage;

/// <summary>The setting <c>poll_interval_ms</c> as the coordinator last read it.</summary>
public sealed record PollEvery(TimeSpan Interval) : IDetectorMessage;
