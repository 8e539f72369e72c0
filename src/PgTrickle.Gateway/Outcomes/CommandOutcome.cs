namespace PgTrickle.Gateway.Outcomes;

/// <summary>How a command ended.</summary>
/// <param name="CommandId">The row in pgtrickle.commands.</param>
/// <param name="Kind">create, alter, drop, refresh, resume.</param>
/// <param name="Error">Why it failed; null when it is done.</param>
public sealed record CommandOutcome(long CommandId, string Kind, CommandError? Error);

/// <summary>The error of a command that failed.</summary>
/// <param name="SqlState">Five characters.</param>
/// <param name="Message">The primary message.</param>
/// <param name="Detail">DETAIL, if any.</param>
/// <param name="Hint">HINT, if any.</param>
public sealed record CommandError(string SqlState, string Message, string? Detail, string? Hint);
