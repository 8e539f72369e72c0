using System.Collections.Frozen;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;
using Google.Protobuf;

namespace PgTrickle.Actors.Contracts.Serialization;

/// <summary>
/// Protocol Buffers with string manifests. A manifest is for ever: what lies in the journal is read by all later releases. Fields that
/// a reader does not know are skipped, so a new field may be written as soon as there is a use for it; a new message only when all nodes read it.
/// </summary>
public sealed class ContractSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>The serializer's number in all envelopes, journal included.</summary>
    public const int SerializerId = 7101;

    private static readonly FrozenDictionary<string, ContractCodec> ByManifest =
        Codecs.All.ToFrozenDictionary(codec => codec.Manifest, StringComparer.Ordinal);

    private static readonly FrozenDictionary<Type, ContractCodec> ByType = Codecs.All.ToFrozenDictionary(codec => codec.Type);

    /// <inheritdoc/>
    public override int Identifier => SerializerId;

    /// <summary>All manifests, for the test that each has its round trip.</summary>
    public static IEnumerable<(string Manifest, Type Type)> Manifests => Codecs.All.Select(codec => (codec.Manifest, codec.Type));

    /// <inheritdoc/>
    public override string Manifest(object o)
    {
        ArgumentNullException.ThrowIfNull(o);
        return CodecOf(o).Manifest;
    }

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj)
    {
        ArgumentNullException.ThrowIfNull(obj);
        return CodecOf(obj).Write(obj).ToByteArray();
    }

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest) =>
        ByManifest.TryGetValue(manifest, out var codec)
            ? codec.Read(bytes)
            : throw new SerializationException($"Unknown message manifest \"{manifest}\": it was written by a newer release.");

    private static ContractCodec CodecOf(object message) =>
        ByType.TryGetValue(message.GetType(), out var codec)
            ? codec
            : throw new SerializationException($"{message.GetType().FullName} has no manifest.");
}

/// <summary>How one message is written and read.</summary>
internal sealed record ContractCodec(string Manifest, Type Type, Func<object, IMessage> Write, Func<byte[], object> Read)
{
    public static ContractCodec Of<TMessage, TProto>(
        string manifest, MessageParser<TProto> parser, Func<TMessage, TProto> write, Func<TProto, TMessage> read)
        where TMessage : notnull
        where TProto : IMessage<TProto> =>
        new(manifest, typeof(TMessage), message => write((TMessage)message), bytes => read(parser.ParseFrom(bytes)));
}
