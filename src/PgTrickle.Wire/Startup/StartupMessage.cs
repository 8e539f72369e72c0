using System.Collections.Immutable;

namespace PgTrickle.Wire.Startup;

/// <summary>Begins a session.</summary>
/// <param name="Version">The version that the client asks for.</param>
/// <param name="Parameters">Names and values in the client's order; of a name that occurs twice PostgreSQL takes the last.</param>
public sealed record StartupMessage(ProtocolVersion Version, ImmutableArray<KeyValuePair<string, string>> Parameters) : InitialPacket
{
    /// <summary>The value of a parameter, or null.</summary>
    public string? this[string name] => Parameters.LastOrDefault(parameter => parameter.Key == name).Value;

    /// <summary>The role; PostgreSQL refuses a session without.</summary>
    public string? User => this["user"];

    /// <summary>The database; named like the role when not given.</summary>
    public string? Database => this["database"] is { Length: > 0 } name ? name : User;

    /// <summary>Whether a replication connection is asked for, by any value that PostgreSQL does not take for false.</summary>
    public bool IsReplication => this["replication"]?.ToUpperInvariant() is not (null or "" or "0" or "OFF" or "FALSE" or "NO" or "F" or "N" or "OF");

    /// <summary>The same message with a parameter set: in its place, or at the end.</summary>
    public StartupMessage With(string name, string value) =>
        this with { Parameters = [.. Parameters.Where(parameter => parameter.Key != name), new(name, value)] };

    internal static StartupMessage Read(ProtocolVersion version, WireReader reader)
    {
        if (version.Major != ProtocolVersion.V30.Major)
        {
            throw new ProtocolException($"unsupported frontend protocol {version}: the gateway supports 3.0 to 3.2", "0A000");
        }

        var parameters = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        while (true)
        {
            var name = reader.ReadCStringText();
            if (name.Length == 0)
            {
                reader.ExpectEnd();
                return new StartupMessage(version, parameters.ToImmutable());
            }

            parameters.Add(new(name, reader.ReadCStringText()));
        }
    }

    /// <summary>Writes the packet.</summary>
    public void Write(WireWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Packet(body =>
        {
            body.Int32(Version.Code);
            foreach (var (name, value) in Parameters)
            {
                body.CString(name).CString(value);
            }

            body.Byte(0);
        });
    }
}
