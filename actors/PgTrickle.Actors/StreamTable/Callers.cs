using Akka.Actor;

namespace PgTrickle.Actors.StreamTable;

/// <summary>Who waits for the answer to a request.</summary>
internal sealed record Caller(string Request, DateTimeOffset Deadline, IActorRef ReplyTo);

/// <summary>
/// Names of requests and the numbers that the state machine knows them by. A request that is asked again under its name keeps its number
/// and its place; the answer goes to whoever asked last.
/// </summary>
internal sealed class Callers
{
    private readonly Dictionary<long, Caller> byNumber = [];
    private readonly Dictionary<string, long> numbers = new(StringComparer.Ordinal);
    private long last;

    public long Register(Caller caller)
    {
        if (!numbers.TryGetValue(caller.Request, out var number))
        {
            number = ++last;
            numbers.Add(caller.Request, number);
        }

        byNumber[number] = caller;
        return number;
    }

    public long? NumberOf(string request) => numbers.TryGetValue(request, out var number) ? number : null;

    public Caller? Take(long number)
    {
        if (!byNumber.Remove(number, out var caller))
        {
            return null;
        }

        numbers.Remove(caller.Request);
        return caller;
    }
}
