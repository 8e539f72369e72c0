using System.Buffers;
using CsCheck;
using PgTrickle.TestInfrastructure;
using PgTrickle.Wire.Backend;
using PgTrickle.Wire.Frontend;
using PgTrickle.Wire.Scram;
using PgTrickle.Wire.Startup;
using Xunit.Abstractions;

namespace PgTrickle.Wire.Tests;

/// <summary>Whatever arrives, in whatever pieces: it is decoded, or it is a protocol error; never another exception, and never much memory.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    /// <summary>How many streams a run tries; PGTRICKLE_FUZZ_STREAMS sets it for a long run.</summary>
    private static readonly long Streams = long.TryParse(Environment.GetEnvironmentVariable("PGTRICKLE_FUZZ_STREAMS"), out var streams) ? streams : 20_000;

    private const int Limit = 16 * 1024;

    private static readonly byte[] ServerStream = Bytes.Of(writer =>
    {
        new NegotiateProtocolVersion(ProtocolVersion.V30, ["_pq_.a", "_pq_.b"]).Write(writer);
        AuthenticationRequest.Sasl([ScramClient.MechanismPlus, ScramClient.Mechanism]).Write(writer);
        new BackendKeyData(17, new byte[32]).Write(writer);
        ServerMessage.Of("INFO", "PGT01", "12345", "detail", "hint").Write(writer);
        writer.Message(BackendType.CommandComplete, body => body.CString("SELECT 1"));
        new ReadyForQuery(TransactionStatus.InTransaction).Write(writer);
    });

    private static readonly byte[] ClientStream = Bytes.Of(writer =>
    {
        SaslInitialResponse.Write(writer, ScramClient.Mechanism, "n,,n=,r=nonce");
        writer.Message(FrontendType.Password, body => body.CString("secret"));
        ParseMessage.Write(writer, "s", "SELECT pgtrickle.refresh_stream_table($1)");
        BindMessage.Write(writer, "p", "s", "value");
        ExecuteMessage.Write(writer, "p");
        new CloseMessage(true, "s").Write(writer);
        SyncMessage.Write(writer);
        QueryMessage.Write(writer, "SELECT 1");
        TerminateMessage.Write(writer);
    });

    private static readonly byte[][] Packets =
    [
        Bytes.Of(SslRequest.Write),
        Bytes.Of(new CancelRequest(17, new byte[32]).Write),
        Bytes.Of(new StartupMessage(ProtocolVersion.V32, [new("user", "ann"), new("database", "shop"), new("options", "-c a=b")]).Write),
    ];

    private static readonly Gen<int[]> Cuts = Gen.Int[1, 40].Array[1, 4];

    [Fact]
    public void Streams_of_messages() =>
        Gen.Select(Mutated(ServerStream, ClientStream), Cuts).Sample(
            (bytes, cuts) => DecodeFrames(Bytes.Cut(bytes, cuts)), iter: Streams, seed: Seed.CsCheckSeed(output), threads: 1);

    [Fact]
    public void First_packets() =>
        Gen.Select(Mutated(Packets), Cuts).Sample(
            (bytes, cuts) => DecodePacket(Bytes.Cut(bytes, cuts)), iter: Streams, seed: Seed.CsCheckSeed(output), threads: 1);

    [Fact]
    public void Messages_of_SCRAM()
    {
        const string First = "r=rOprNGfwEbeRWgbNEkqO%hvYDp,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2";
        var characters = Gen.OneOf(Gen.Char["r=s,i0123456789+/W"], Gen.Char);
        Gen.Select(Gen.Int[0, First.Length - 1], characters, Gen.Int[0, 3]).Sample(
            (at, character, kind) =>
            {
                var text = kind switch
                {
                    0 => First.Remove(at, 1),
                    1 => First.Insert(at, character.ToString()),
                    _ => First.Remove(at, 1).Insert(at, character.ToString()),
                };

                // An inserted digit may ask for millions of iterations, which the server is free to do and a test is not.
                if (!text.Contains("i=2", StringComparison.Ordinal) || text.Length > text.IndexOf("i=2", StringComparison.Ordinal) + 5)
                {
                    return;
                }

                Tolerate(() => ScramClient.ForExample("pencil", "rOprNGfwEbeRWgbNEkqO", "").FinalMessage(text));
            },
            iter: Math.Min(Streams, 5000), seed: Seed.CsCheckSeed(output), threads: 1);
    }

    [Fact]
    public void Decoding_garbage_takes_little_memory()
    {
        var random = Seed.Random(output);
        var bytes = new byte[64 * 1024];
        random.NextBytes(bytes);
        DecodeFrames(new ReadOnlySequence<byte>(bytes));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            random.NextBytes(bytes.AsSpan(0, 64));
            DecodeFrames(new ReadOnlySequence<byte>(bytes));
        }

        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / 1000;
        Assert.InRange(each, 0, 16 * Limit);
    }

    private static Gen<byte[]> Mutated(params byte[][] streams)
    {
        var edit = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 10_000], Gen.Byte);
        var mutated = Gen.Select(Gen.Int[0, streams.Length - 1].Select(i => streams[i]), edit.Array[0, 8]).Select(pair =>
        {
            var bytes = pair.Item1.ToList();
            foreach (var (kind, place, value) in pair.Item2)
            {
                var at = place % (bytes.Count + 1);
                switch (kind)
                {
                    case 0 when at < bytes.Count:
                        bytes[at] = value;
                        break;
                    case 1:
                        bytes.Insert(at, value);
                        break;
                    case 2 when at < bytes.Count:
                        bytes.RemoveRange(at, Math.Min(value % 16, bytes.Count - at));
                        break;
                    case 3:
                        bytes.AddRange(bytes.GetRange(0, at));
                        break;
                }
            }

            return bytes.ToArray();
        });
        return Gen.OneOf(mutated, Gen.Byte.Array[0, 200]);
    }

    private static void DecodeFrames(ReadOnlySequence<byte> buffer) => Tolerate(() =>
    {
        while (Frame.TryRead(ref buffer, Limit, out var frame))
        {
            var whole = frame;
            Tolerate(() => AuthenticationRequest.Read(whole.Body).Mechanisms());
            Tolerate(() => BackendKeyData.Read(whole.Body));
            Tolerate(() => NegotiateProtocolVersion.Read(whole.Body));
            Tolerate(() => ServerMessage.Read(whole.Body).ToString());
            Tolerate(() => ReadyForQuery.Read(whole.Body));
            Tolerate(() => CommandComplete.Read(whole.Body));
            Tolerate(() => ParseMessage.Read(whole.Body));
            Tolerate(() => BindMessage.Read(whole.Body));
            Tolerate(() => CloseMessage.Read(whole.Body));
            Tolerate(() => QueryMessage.Read(whole.Body));
            Tolerate(() => PasswordMessage.Read(whole.Body));
            Tolerate(() => SaslInitialResponse.Read(whole.Body));
        }
    });

    private static void DecodePacket(ReadOnlySequence<byte> buffer) => Tolerate(() =>
    {
        var reader = new WireReader(buffer);
        var length = InitialPacket.CheckLength(reader.ReadInt32());
        if (InitialPacket.Read(reader.ReadBytes(length - sizeof(int))) is StartupMessage message)
        {
            _ = message.IsReplication;
            Assert.Equal(message.Parameters.AsEnumerable(), ((StartupMessage)InitialPacket.Read(Reencode(message))).Parameters);
        }
    });

    private static ReadOnlySequence<byte> Reencode(StartupMessage message) => new(Bytes.Of(message.Write).AsMemory(sizeof(int)));

    private static void Tolerate(Action decode)
    {
        try
        {
            decode();
        }
        catch (ProtocolException)
        {
            // The one way in which decoding may fail.
        }
    }
}
