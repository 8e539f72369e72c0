using System.Buffers;

namespace PgTrickle.Wire.Backend;

/// <summary>The server has done what was asked up to a Sync or a Query.</summary>
/// <param name="Status">Where the session's transaction stands.</param>
public sealed record ReadyForQuery(TransactionStatus Status)
{
    /// <summary>Decodes a body.</summary>
    public static ReadyForQuery Read(ReadOnlySequence<byte> body)
    {
        var reader = new WireReader(body);
        var status = (TransactionStatus)reader.ReadByte();
        reader.ExpectEnd();
        return status is TransactionStatus.Idle or TransactionStatus.InTransaction or TransactionStatus.Failed
            ? new ReadyForQuery(status)
            : throw new ProtocolException($"unknown transaction status {(byte)status}");
    }

    /// <summary>Writes the message.</summary>
    public void Write(WireWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Message(BackendType.ReadyForQuery, body => body.Byte((byte)Status));
    }
}

/// <summary>Where a session's transaction stands.</summary>
public enum TransactionStatus : byte
{
    /// <summary>No transaction is open.</summary>
    Idle = (byte)'I',

    /// <summary>A transaction block is open.</summary>
    InTransaction = (byte)'T',

    /// <summary>A transaction block has failed and waits for its ROLLBACK.</summary>
    Failed = (byte)'E',
}
