using System.Buffers;
using PgTrickle.Wire;
using PgTrickle.Wire.Backend;
using PgTrickle.Wire.Frontend;

namespace PgTrickle.Gateway.Calls;

/// <summary>
/// Where client and server are in one session: which answers are due, which commands were announced, and whether the client's next
/// message has to wait. No IO; used by both directions of the relay, hence the lock.
/// </summary>
internal sealed class Conversation(TimeProvider time)
{
    /// <summary>More prepared statements that call our functions than any client has; beyond, further ones are only less well guarded.</summary>
    private const int MostStatements = 10_000;

    private readonly Lock _lock = new();
    private readonly Queue<Cycle> _due = new();
    private readonly Dictionary<string, StatementFacts> _statements = [];
    private readonly List<Mark> _open = [];
    private readonly List<Mark> _committed = [];
    private Cycle? _current;
    private bool _copyIn;
    private bool _settling;
    private bool _waits;
    private TransactionStatus _status = TransactionStatus.Idle;
    private TaskCompletionSource? _released;

    /// <summary>Raised when a message that had to wait may go on. Called outside the lock.</summary>
    public Action Released { get; set; } = static () => { };

    /// <summary>Whether the server owes a ReadyForQuery, so that the client will wait for one.</summary>
    public bool OwesReady
    {
        get
        {
            lock (_lock)
            {
                return _due.Count > 0;
            }
        }
    }

    /// <summary>Whether commands were announced in the transaction that is open.</summary>
    public bool HasMarks
    {
        get
        {
            lock (_lock)
            {
                return _open.Count > 0 || _committed.Count > 0;
            }
        }
    }

    /// <summary>Whether the session could end here without the client losing anything.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock)
            {
                return IsQuiet && _status == TransactionStatus.Idle && !_settling;
            }
        }
    }

    /// <summary>Whether the server has nothing to do and no half of anything: a message of ours may be put in between.</summary>
    public bool IsServerQuiet
    {
        get
        {
            lock (_lock)
            {
                return IsQuiet;
            }
        }
    }

    private bool IsBlocked => _settling || _due.Any(cycle => cycle.IsGuarded);

    private bool IsQuiet => _due.Count == 0 && _current is null && !_copyIn;

    /// <summary>Whether a client's message has to wait for an outcome. COPY data never does: the statement in front of it waits for them.</summary>
    public bool MustWait(byte type)
    {
        lock (_lock)
        {
            var waits = type is not (FrontendType.CopyData or FrontendType.CopyDone or FrontendType.CopyFail) && IsBlocked;
            _waits |= waits;
            return waits;
        }
    }

    /// <summary>Whether a message is looked at, rather than counted.</summary>
    public static bool LooksAt(byte type) => type is FrontendType.Query or FrontendType.Parse or FrontendType.Bind or FrontendType.Close;

    /// <summary>Completes when messages may go on, as far as is known now.</summary>
    public Task WhenReleasedAsync()
    {
        lock (_lock)
        {
            return IsBlocked ? (_released ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
        }
    }

    /// <summary>Notes a message that is about to be forwarded to the server.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="body">Its body; only needed for types that <see cref="LooksAt"/> says.</param>
    public void OnClient(byte type, ReadOnlySequence<byte> body)
    {
        switch (type)
        {
            case FrontendType.Query:
                OnQuery(Facts(QueryMessage.Read(body).Text));
                break;
            case FrontendType.Parse:
                var parse = ParseMessage.Read(body);
                OnParse(parse.Name, Facts(parse.Text));
                break;
            case FrontendType.Bind:
                OnBind(BindMessage.Read(body).Statement);
                break;
            case FrontendType.Close:
                OnClose(CloseMessage.Read(body));
                break;
            default:
                OnOther(type);
                break;
        }
    }

    /// <summary>Notes a Query that was too long to be kept: whether it mentions calls is all that is known.</summary>
    public void OnQuery(StatementFacts facts)
    {
        lock (_lock)
        {
            var cycle = Current();
            cycle.Executions++;
            cycle.RunsSoleCall = facts.IsSoleCall;
            cycle.IsGuarded |= facts.MentionsCalls;
            End(cycle, endsWithSync: false);
        }
    }

    /// <summary>Notes that the first piece of a long message is about to be forwarded: nothing may be put in between.</summary>
    public void OnLongMessage()
    {
        lock (_lock)
        {
            Current();
        }
    }

    /// <summary>Notes a Parse.</summary>
    public void OnParse(string name, StatementFacts facts)
    {
        lock (_lock)
        {
            Current().IsGuarded |= facts.MentionsCalls;
            if (!facts.MentionsCalls)
            {
                _statements.Remove(name);
            }
            else if (_statements.Count < MostStatements)
            {
                _statements[name] = facts;
            }
        }
    }

    /// <summary>Notes a Bind.</summary>
    public void OnBind(string statement)
    {
        lock (_lock)
        {
            var cycle = Current();
            var facts = _statements.GetValueOrDefault(statement);
            cycle.RunsSoleCall = facts.IsSoleCall;
            cycle.IsGuarded |= facts.MentionsCalls;
        }
    }

    /// <summary>The server is ready. Returns what is due before the client may hear of it, or null.</summary>
    public Settlement? OnReady(TransactionStatus status)
    {
        Settlement? settlement;
        lock (_lock)
        {
            // A Sync that crossed the server's error during COPY was not counted and is answered all the same.
            var cycle = _due.TryDequeue(out var first) ? first : Current();
            var wasIdle = _status == TransactionStatus.Idle;
            _status = status;
            _copyIn = false;
            if (status == TransactionStatus.Idle)
            {
                _committed.AddRange(_open);
                _open.Clear();
            }

            settlement = _committed.Count == 0 ? null : new Settlement([.. _committed], cycle, wasIdle && status == TransactionStatus.Idle && cycle.IsSoleCall);
            _committed.Clear();
            _settling = settlement is not null;
        }

        if (settlement is null)
        {
            Release();
        }

        return settlement;
    }

    /// <summary>The outcome is known and the client has been told.</summary>
    public void OnSettled()
    {
        lock (_lock)
        {
            _settling = false;
        }

        Release();
    }

    /// <summary>A function announced a command.</summary>
    public void OnMark(Mark mark)
    {
        lock (_lock)
        {
            _open.Add(mark);
        }
    }

    /// <summary>A statement committed; the session may be in its next transaction already, by AND CHAIN or by what follows in the query.</summary>
    public void OnCommit()
    {
        lock (_lock)
        {
            _committed.AddRange(_open);
            _open.Clear();
        }
    }

    /// <summary>
    /// The server reads COPY data. If an Execute led to it, the server ignores every Sync before the end of the data: those are not answered. The client sends
    /// one more afterwards.
    /// </summary>
    public void OnCopyIn()
    {
        lock (_lock)
        {
            if (_due.TryPeek(out var first) && first.EndsWithSync)
            {
                _current = first;
                _due.Clear();
            }

            _copyIn = true;
        }

        Release();
    }

    /// <summary>The server failed a statement: it reads no COPY data any more.</summary>
    public void OnError()
    {
        lock (_lock)
        {
            _copyIn = false;
        }
    }

    /// <summary>The client asks to cancel. Returns whether the outcome of a call is being waited for.</summary>
    public bool OnCancel()
    {
        lock (_lock)
        {
            if (_due.TryPeek(out var first))
            {
                first.IsCancelled = true;
            }

            return _settling;
        }
    }

    private void Release()
    {
        bool waited;
        TaskCompletionSource? released;
        lock (_lock)
        {
            if (IsBlocked)
            {
                return;
            }

            (waited, released) = (_waits, _released);
            (_waits, _released) = (false, null);
        }

        released?.TrySetResult();
        if (waited)
        {
            Released();
        }
    }

    private static StatementFacts Facts(ReadOnlySequence<byte> text) => StatementFacts.Of(text.IsSingleSegment ? text.FirstSpan : text.ToArray());

    private void OnClose(CloseMessage close)
    {
        lock (_lock)
        {
            Current();
            if (close.IsStatement)
            {
                _statements.Remove(close.Name);
            }
        }
    }

    private void OnOther(byte type)
    {
        lock (_lock)
        {
            switch (type)
            {
                case FrontendType.Execute:
                    Current().Executions++;
                    break;
                case FrontendType.Sync when !_copyIn:
                    End(Current(), endsWithSync: true);
                    break;
                case FrontendType.FunctionCall:
                    End(Current(), endsWithSync: false);
                    break;
                case FrontendType.CopyDone or FrontendType.CopyFail:
                    _copyIn = false;
                    break;
                case FrontendType.CopyData or FrontendType.Sync or FrontendType.Terminate:
                    break;
                default:
                    Current();
                    break;
            }
        }
    }

    private Cycle Current() => _current ??= new Cycle(time.GetTimestamp());

    private void End(Cycle cycle, bool endsWithSync)
    {
        // While commands wait for their COMMIT, whatever comes may be it.
        cycle.IsGuarded |= _open.Count > 0;
        cycle.EndsWithSync = endsWithSync;
        _due.Enqueue(cycle);
        _current = null;
    }
}
