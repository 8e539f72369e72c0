
namespace PgTrickle.TestInfrastructure.Gateways;

/// <summary>
/// In the place of the cluster: finishes commands in the catalog the way nodes do, but with the outcome that a test wants, when the test wants it.
/// </summary>
public sealed class StandInNode : IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly CancellationTokenSource _stopped = new();
    private readonly SemaphoreSlim _round = new(1);
    private readonly Task _running;
    private volatile bool _holds;

    public StandInNode(TestDatabase database)
    {
        _database = database;
        _running = RunAsync();
    }

    /// <summary>The SQLSTATE with which commands on stream tables whose name begins with "bad" fail.</summary>
    public string FailureCode { get; set; } = "22012";

    /// <summary>Leaves commands as they are from now on, once those that it is about to finish are finished.</summary>
    public async Task HoldAsync()
    {
        await _round.WaitAsync();
        _holds = true;
        _round.Release();
    }

    /// <summary>Finishes commands again.</summary>
    public void Release() => _holds = false;

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        await _running;
        _stopped.Dispose();
        _round.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        try
        {
            while (await timer.WaitForNextTickAsync(_stopped.Token))
            {
                await _round.WaitAsync(_stopped.Token);
                try
                {
                    await (_holds ? Task.CompletedTask : CarryOutAsync());
                }
                finally
                {
                    _round.Release();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private Task CarryOutAsync() => _database.Superuser.ExecuteAsync(
        """
        WITH present AS (
            SELECT c.command_id, s.pgt_id, coalesce(s.pgt_name LIKE 'bad%', false) AS fails
            FROM pgtrickle.commands c LEFT JOIN pgtrickle.stream_tables s USING (pgt_id) WHERE c.status = 'PENDING'
        ), filled AS (
            UPDATE pgtrickle.stream_table_state t SET is_populated = NOT fails, status = CASE WHEN fails THEN 'ERROR' ELSE 'ACTIVE' END
            FROM present WHERE t.pgt_id = present.pgt_id
        )
        UPDATE pgtrickle.commands c SET status = CASE WHEN fails THEN 'FAILED' ELSE 'DONE' END, finished_at = clock_timestamp(),
            error_code = CASE WHEN fails THEN $1 END, error_message = CASE WHEN fails THEN 'the fill failed' END, error_detail = CASE WHEN fails THEN 'a detail' END
        FROM present WHERE c.command_id = present.command_id
        """,
        FailureCode);
}
