using Akka.Actor;
using Akka.Event;
using PgTrickle.Actors.Contracts;
using PgTrickle.Actors.Contracts.Messages;
using PgTrickle.Actors.Diagnostics;
using PgTrickle.Actors.StreamTable;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Actors.Commands;

/// <summary>
/// Carries out one command. Every step can be repeated, and is, until it is answered.
/// <code>
/// Reloading --- CatalogReloaded ---> Asking (create) --- RequestAnswered ---> Finishing ---> stopped
///                              +---> Cleaning (drop) ------------------------->    |
///                              +---> (alter, resume) ------------------------->    |
///                      (refresh) ---> Asking --------------------------------->    |
/// a lease that is lost stops it in any state: another node has taken over, or its caller ended the command, and then the entity is told as well
/// </code>
/// The coordinator reads the catalog first, so that entities have their assignments before they are asked for anything. A refresh changes nothing that it should know:
/// commands of one stream table follow one another, and whatever its creation and alterations did was read with them.
/// </summary>
internal sealed class CommandRun : ReceiveActor
{
    private const string Renew = "renew";
    private const string Again = "again";
    private const string Create = "create";
    private const string Refresh = "refresh";
    private const string Drop = "drop";

    private static readonly TimeSpan FinishAgain = TimeSpan.FromSeconds(1);

    private readonly ClaimedCommand command;
    private readonly CommandServices services;
    private readonly ActorTimers timers;
    private readonly CancellationTokenSource stopped = new();
    private readonly ILoggingAdapter log = Context.GetLogger();
    private Action step;

    public CommandRun(ClaimedCommand command, CommandServices services)
    {
        this.command = command;
        this.services = services;
        timers = new ActorTimers(services.Clock, Self);
        step = AskForReload;
        Receive<CatalogReloaded>(reloaded => reloaded.CommandId == command.CommandId && step == AskForReload, _ => OnReloaded());
        Receive<RequestAnswered>(answer => answer.Request == RequestName && step == AskEntity, answer => Finish(answer.Failure?.ToException()));
        Receive<CleanedUp>(_ => Finish(null));
        Receive<Finished>(OnFinished);
        Receive<LeaseRenewed>(OnRenewed);
        Receive<CommandEnded>(_ => RenewAsync().PipeTo(Self));
        Receive<TimerFired>(fired => OnTimer(timers.Accept(fired)));
        ReceiveAny(_ => { });
    }

    private string RequestName => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"command-{command.CommandId}");

    public static Props Props(ClaimedCommand command, CommandServices services) =>
        Akka.Actor.Props.Create(() => new CommandRun(command, services));

    protected override void PreStart()
    {
        timers.Start(Renew, services.Settings.Lease / 3, Renew);
        Step(command is { Kind: Refresh, PgtId: not null } ? AskEntity : AskForReload);
    }

    protected override void PostStop()
    {
        timers.Dispose();
        stopped.Cancel();
        stopped.Dispose();
    }

    private void Step(Action next)
    {
        step = next;
        step();
    }

    private void AskForReload()
    {
        services.Coordinator.Tell(new ReloadCatalog(command.CommandId, command.Kind, command.PgtId ?? 0, command.Role));
        timers.Start(Again, services.Settings.AskAgain / 10, Again);
    }

    private void OnReloaded()
    {
        switch (command)
        {
            case { Kind: Create, PgtId: not null }:
                Step(AskEntity);
                break;
            case { Kind: Drop }:
                timers.Cancel(Again);
                step = CleanUp;
                CleanUp();
                break;
            default:
                Finish(null);
                break;
        }
    }

    private void AskEntity()
    {
        var id = new StreamTableId(services.Database, command.PgtId!.Value);
        var deadline = services.Clock.GetUtcNow() + (services.Settings.AskAgain * 2);
        services.Region().Tell(command.Kind == Create
            ? new InitializeStreamTable(id, RequestName, deadline)
            : new RefreshStreamTable(id, RequestName, deadline));
        timers.Start(Again, services.Settings.AskAgain, Again);
    }

    private void CleanUp() => CleanUpAsync().PipeTo(Self);

    private async Task<CleanedUp> CleanUpAsync()
    {
        try
        {
            await services.Engine.CleanUpAsync(stopped.Token);
        }
        catch (Exception problem)
        {
            // The stream table is gone already; what served it alone goes with the next regular clean-up.
            log.Info("Clean-up after command {0} is left to the next round: {1}", command.CommandId, problem.Message);
        }

        return new CleanedUp();
    }

    private void Finish(RefreshFailedException? failure)
    {
        if (step != AskForReload && step != AskEntity && step != CleanUp)
        {
            return;
        }

        timers.Cancel(Again);
        Step(() => FinishAsync(failure).PipeTo(Self));
    }

    private async Task<Finished> FinishAsync(RefreshFailedException? failure)
    {
        try
        {
            var mine = failure is null
                ? await services.Queue.CompleteAsync(command, stopped.Token)
                : await services.Queue.FailAsync(command, failure, stopped.Token);
            return new Finished(mine, failure, null);
        }
        catch (Exception problem)
        {
            return new Finished(false, failure, problem);
        }
    }

    private void OnFinished(Finished finished)
    {
        if (finished.Problem is { } problem)
        {
            log.Warning("The outcome of command {0} could not be written yet: {1}", command.CommandId, problem.Message);
            timers.Start(Again, FinishAgain, Again);
            return;
        }

        var outcome = !finished.Mine ? "lost" : finished.Failure is null ? "done" : "failed";
        Telemetry.Commands.Add(
            1, new KeyValuePair<string, object?>("kind", command.Kind), new KeyValuePair<string, object?>("outcome", outcome));
        log.Info("Command {0} ({1} of {2}) is {3}", command.CommandId, command.Kind, command.PgtId, outcome);
        services.Finished(command.CommandId);
        Context.Stop(Self);
    }

    private void OnTimer(object? timer)
    {
        switch (timer)
        {
            case Again:
                step();
                break;
            case Renew:
                RenewAsync().PipeTo(Self);
                break;
            default:
                break;
        }
    }

    private async Task<LeaseRenewed> RenewAsync()
    {
        try
        {
            return new LeaseRenewed(await services.Queue.RenewAsync(command, services.Settings.Lease, stopped.Token), null);
        }
        catch (Exception problem)
        {
            return new LeaseRenewed(CommandLease.Held, problem);
        }
    }

    private void OnRenewed(LeaseRenewed renewed)
    {
        if (renewed.Lease == CommandLease.Ended && step == AskEntity && command.Kind == Refresh)
        {
            services.Region().Tell(new WithdrawRequest(new StreamTableId(services.Database, command.PgtId!.Value), RequestName));
        }

        if (renewed.Lease != CommandLease.Held)
        {
            log.Info("Command {0} is no longer this node's: {1}", command.CommandId, renewed.Lease);
            Context.Stop(Self);
            return;
        }

        if (renewed.Problem is { } problem)
        {
            log.Warning("The lease of command {0} could not be renewed: {1}", command.CommandId, problem.Message);
        }

        timers.Start(Renew, services.Settings.Lease / 3, Renew);
    }

    private sealed record CleanedUp : INoSerializationVerificationNeeded;

    private sealed record Finished(bool Mine, RefreshFailedException? Failure, Exception? Problem) : INoSerializationVerificationNeeded;

    private sealed record LeaseRenewed(CommandLease Lease, Exception? Problem) : INoSerializationVerificationNeeded;
}
