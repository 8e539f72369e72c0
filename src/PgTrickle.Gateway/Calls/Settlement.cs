using System.Collections.Immutable;

namespace PgTrickle.Gateway.Calls;

/// <summary>A transaction has ended in which commands were announced: their outcome is due before the client hears of it.</summary>
/// <param name="Marks">The commands, in order.</param>
/// <param name="Cycle">What the client sent last.</param>
/// <param name="IsSole">Whether the transaction did nothing but one call.</param>
internal sealed record Settlement(ImmutableArray<Mark> Marks, Cycle Cycle, bool IsSole);
