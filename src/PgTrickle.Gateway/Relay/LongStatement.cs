using System.Buffers;
using PgTrickle.Gateway.Calls;
using PgTrickle.Wire;
using PgTrickle.Wire.Frontend;

namespace PgTrickle.Gateway.Relay;

/// <summary>A statement that is not kept in memory: it is searched for mentions of calls while it passes.</summary>
internal sealed class LongStatement(byte type)
{
    /// <summary>PostgreSQL cuts names at 63 bytes; what stands before the text of a statement is no longer than this.</summary>
    private const int LongestName = 8192;

    private byte[] _tail = [];
    private byte[] _head = [];
    private bool _mentions;

    /// <summary>Looks at the next piece of the message, its header included.</summary>
    public void Look(ReadOnlySequence<byte> piece)
    {
        if (_head.Length < LongestName)
        {
            _head = [.. _head, .. piece.Slice(0, Math.Min(piece.Length, LongestName - _head.Length)).ToArray()];
        }

        foreach (var segment in piece)
        {
            byte[] seam = [.. _tail, .. segment.Span[..Math.Min(segment.Length, StatementFacts.Overlap)]];
            _mentions = _mentions || StatementFacts.Mentions(seam) || StatementFacts.Mentions(segment.Span);
            byte[] last = [.. _tail, .. segment.Span[^Math.Min(segment.Length, StatementFacts.Overlap)..]];
            _tail = last.Length > StatementFacts.Overlap ? last[^StatementFacts.Overlap..] : last;
        }
    }

    /// <summary>Tells what was found, when the whole message has passed.</summary>
    public void Tell(Conversation conversation)
    {
        var facts = new StatementFacts(_mentions, IsSoleCall: false);
        var head = new ReadOnlySequence<byte>(_head).Slice(FrameHeader.Length);
        switch (type)
        {
            case FrontendType.Query:
                conversation.OnQuery(facts);
                break;
            case FrontendType.Parse:
                conversation.OnParse(new WireReader(head).ReadCStringText(), facts);
                break;
            case FrontendType.Bind:
                conversation.OnBind(BindMessage.Read(head).Statement);
                break;
            default:
                throw new ProtocolException($"a message of type {type} is too long");
        }
    }
}
