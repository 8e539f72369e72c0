using Akka;
using Akka.Actor;
using Akka.Event;
using PgTrickle.Actors.Capture;
using PgTrickle.Actors.Configuration;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Actors.Commands;

/// <summary>What carrying out commands needs of the node.</summary>
/// <param name="Database">Name of the database.</param>
/// <param name="Queue">The intents.</param>
/// <param name="Engine">For the clean-up after a drop.</param>
/// <param name="Coordinator">The DAG coordinator.</param>
/// <param name="Region">Takes messages to entities.</param>
/// <param name="Settings">Leases and limits.</param>
/// <param name="Clock">The time.</param>
/// <param name="Finished">Told of each command whose outcome this node has written; must not block.</param>
public sealed record CommandServices(
    string Database, ICommandQueue Queue, IRefreshEngine Engine, IActorRef Coordinator, Func<IActorRef> Region, CommandSettings Settings, TimeProvider Clock,
    Action<long> Finished);

/// <summary>
/// Claims intents from <c>pgtrickle.commands</c> when the change detector says that some wait, and has a <see cref="CommandRun"/> carry out each.
/// Every node has one; the claim decides who does what. A node that dies leaves claims that run out, and another one repeats the work.
/// </summary>
internal sealed class CommandRouter : ReceiveActor
{
    private readonly CommandServices services;
    private readonly CancellationTokenSource stopped = new();
    private readonly Dictionary<IActorRef, long> runs = [];
    private readonly ILoggingAdapter log = Context.GetLogger();
    private bool isClaiming;
    private bool claimAgain;
    private bool isStopping;

    public CommandRouter(CommandServices services)
    {
        this.services = services;
        Receive<CommandsMayWait>(_ => Claim());
        Receive<CommandWaits>(_ => Claim());
        Receive<CommandEnded>(OnEnded);
        Receive<Claimed>(OnClaimed);
        Receive<Terminated>(message =>
        {
            runs.Remove(message.ActorRef);
            if (claimAgain)
            {
                Claim();
            }
        });
        Receive<StopClaiming>(_ =>
        {
            isStopping = true;
            Sender.Tell(Done.Instance);
        });
    }

    public static Props Props(CommandServices services) => Akka.Actor.Props.Create(() => new CommandRouter(services));

    protected override void PostStop()
    {
        stopped.Cancel();
        stopped.Dispose();
    }

    private void Claim()
    {
        var room = services.Settings.MaxClaimed - runs.Count;
        if (isClaiming || isStopping || room <= 0)
        {
            claimAgain = room <= 0;
            return;
        }

        isClaiming = true;
        claimAgain = false;
        ClaimAsync(room).PipeTo(Self);
    }

    private async Task<Claimed> ClaimAsync(int room)
    {
        try
        {
            return new Claimed([.. await services.Queue.ClaimAsync(services.Settings.Lease, room, stopped.Token)], null, room);
        }
        catch (Exception problem)
        {
            return new Claimed([], problem, room);
        }
    }

    private void OnClaimed(Claimed claimed)
    {
        isClaiming = false;
        if (claimed.Problem is { } problem)
        {
            log.Warning("Commands could not be claimed: {0}", problem.Message);
            return;
        }

        foreach (var command in claimed.Commands)
        {
            log.Info("Command {0} ({1} of {2}) is claimed in epoch {3}", command.CommandId, command.Kind, command.PgtId, command.Epoch);
            runs.Add(Context.Watch(Context.ActorOf(CommandRun.Props(command, services))), command.CommandId);
        }

        // A full answer may have left more behind.
        claimAgain = claimed.Commands.Count == claimed.Room;
    }

    private void OnEnded(CommandEnded ended)
    {
        foreach (var (run, _) in runs.Where(pair => pair.Value == ended.CommandId))
        {
            run.Tell(ended);
        }
    }

    private sealed record Claimed(IReadOnlyList<ClaimedCommand> Commands, Exception? Problem, int Room) : INoSerializationVerificationNeeded;
}

/// <summary>The node is leaving: no more claims. Answered with <see cref="Done"/>.</summary>
internal sealed record StopClaiming : INoSerializationVerificationNeeded;
