using System.Buffers;
using PgTrickle.Wire;

namespace PgTrickle.Gateway.Relay;

/// <summary>Results that the client is not given yet.</summary>
internal sealed class Withheld
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>How much there is, in bytes.</summary>
    public int Length => _bytes.WrittenCount;

    /// <summary>Everything, in order.</summary>
    public ReadOnlyMemory<byte> All => _bytes.WrittenMemory;

    /// <summary>Adds what the server has sent.</summary>
    public void Add(ReadOnlySequence<byte> bytes)
    {
        foreach (var segment in bytes)
        {
            _bytes.Write(segment.Span);
        }
    }

    /// <summary>Those messages that belong to no statement: notifications, changed parameters, notices. They are due even when the results are not.</summary>
    public ReadOnlyMemory<byte> Asides()
    {
        var asides = new ArrayBufferWriter<byte>();
        var rest = new ReadOnlySequence<byte>(_bytes.WrittenMemory);
        while (FrameHeader.TryRead(rest, out var header) && rest.Length >= header.TotalLength)
        {
            if (header.Type is BackendType.ParameterStatus or BackendType.NoticeResponse or BackendType.NotificationResponse)
            {
                foreach (var segment in rest.Slice(0, header.TotalLength))
                {
                    asides.Write(segment.Span);
                }
            }

            rest = rest.Slice(header.TotalLength);
        }

        return asides.WrittenMemory;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _bytes.ResetWrittenCount();
}
