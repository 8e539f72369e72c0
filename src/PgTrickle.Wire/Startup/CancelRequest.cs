using System.Buffers;

namespace PgTrickle.Wire.Startup;

/// <summary>Asks to cancel what a session runs. Sent on a connection of its own, never answered.</summary>
/// <param name="ProcessId">As BackendKeyData had it.</param>
/// <param name="Key">As BackendKeyData had it: 4 bytes in version 3.0, up to 256 in 3.2.</param>
public sealed record CancelRequest(int ProcessId, ReadOnlyMemory<byte> Key) : InitialPacket
{
    internal const int Code = (1234 << 16) | 5678;

    /// <summary>The longest key of version 3.2, in bytes.</summary>
    public const int LongestKey = 256;

    internal static CancelRequest Read(WireReader reader)
    {
        var processId = reader.ReadInt32();
        return reader.Remaining is >= 4 and <= LongestKey
            ? new CancelRequest(processId, reader.ReadRest().ToArray())
            : throw new ProtocolException("invalid length of a query cancel packet");
    }

    /// <summary>Writes the packet.</summary>
    public void Write(WireWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Packet(body => body.Int32(Code).Int32(ProcessId).Bytes(Key.Span));
    }

    /// <summary>Never the key.</summary>
    public override string ToString() => $"cancel request for process {ProcessId}";
}
