using System.Buffers;
using PgTrickle.Wire.Startup;

namespace PgTrickle.Wire.Backend;

/// <summary>What a client needs to cancel.</summary>
/// <param name="ProcessId">Also what pg_backend_pid() says.</param>
/// <param name="Key">4 bytes in version 3.0, 4 to 256 in 3.2.</param>
public sealed record BackendKeyData(int ProcessId, ReadOnlyMemory<byte> Key)
{
    /// <summary>Decodes a body.</summary>
    public static BackendKeyData Read(ReadOnlySequence<byte> body)
    {
        var reader = new WireReader(body);
        var processId = reader.ReadInt32();
        return reader.Remaining is >= 4 and <= CancelRequest.LongestKey
            ? new BackendKeyData(processId, reader.ReadRest().ToArray())
            : throw new ProtocolException("invalid length of a cancel key");
    }

    /// <summary>Writes the message.</summary>
    public void Write(WireWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Message(BackendType.BackendKeyData, body => body.Int32(ProcessId).Bytes(Key.Span));
    }

    /// <summary>Never the key.</summary>
    public override string ToString() => $"process {ProcessId}";
}
