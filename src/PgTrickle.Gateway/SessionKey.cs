using PgTrickle.Wire.Backend;
using PgTrickle.Wire.Startup;

namespace PgTrickle.Gateway;

/// <summary>What a cancel request names a session by.</summary>
/// <param name="ProcessId">Of the server's process.</param>
/// <param name="Key">Random bytes, 4 or 32.</param>
internal readonly record struct SessionKey(int ProcessId, ReadOnlyMemory<byte> Key)
{
    /// <summary>The key that a client shows.</summary>
    public static SessionKey Of(CancelRequest request) => new(request.ProcessId, request.Key);

    /// <summary>The key that a client was given.</summary>
    public static SessionKey Of(BackendKeyData data) => new(data.ProcessId, data.Key);

    /// <summary>Compares the bytes, not the memory that they lie in.</summary>
    public bool Equals(SessionKey other) => ProcessId == other.ProcessId && Key.Span.SequenceEqual(other.Key.Span);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(ProcessId);
        hash.AddBytes(Key.Span);
        return hash.ToHashCode();
    }
}
