using System.Buffers;
using System.Collections.Immutable;

namespace PgTrickle.Wire.Backend;

/// <summary>A step of a login, or its end.</summary>
/// <param name="Kind">What is asked for.</param>
/// <param name="Data">What follows the kind: a salt, mechanisms, a token.</param>
public sealed record AuthenticationRequest(AuthenticationKind Kind, ReadOnlyMemory<byte> Data)
{
    /// <summary>Whether the client answers before the server goes on.</summary>
    public bool ExpectsAnswer => Kind is not (AuthenticationKind.Ok or AuthenticationKind.SaslFinal);

    /// <summary>Decodes a body.</summary>
    public static AuthenticationRequest Read(ReadOnlySequence<byte> body)
    {
        var reader = new WireReader(body);
        return new AuthenticationRequest((AuthenticationKind)reader.ReadInt32(), reader.ReadRest().ToArray());
    }

    /// <summary>The names of the mechanisms in a <see cref="AuthenticationKind.Sasl"/> request.</summary>
    public ImmutableArray<string> Mechanisms()
    {
        var reader = new WireReader(new ReadOnlySequence<byte>(Data));
        var names = ImmutableArray.CreateBuilder<string>();
        while (reader.ReadCStringText() is { Length: > 0 } name)
        {
            names.Add(name);
        }

        return names.ToImmutable();
    }

    /// <summary>A request for one of several SASL mechanisms.</summary>
    public static AuthenticationRequest Sasl(IEnumerable<string> mechanisms)
    {
        ArgumentNullException.ThrowIfNull(mechanisms);
        var data = new WireWriter();
        foreach (var mechanism in mechanisms)
        {
            data.CString(mechanism);
        }

        return new AuthenticationRequest(AuthenticationKind.Sasl, data.Byte(0).Written);
    }

    /// <summary>Writes the message.</summary>
    public void Write(WireWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Message(BackendType.Authentication, body => body.Int32((int)Kind).Bytes(Data.Span));
    }
}
