using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using PgTrickle.Wire;

namespace PgTrickle.Gateway.Relay;

/// <summary>One end of a session: a socket, perhaps with TLS on it. One reader and one writer at a time.</summary>
internal sealed class Transport : IAsyncDisposable
{
    /// <summary>Small, since every idle session keeps one.</summary>
    private const int BufferSize = 8192;

    private readonly Socket _socket;

    public Transport(Socket socket, Stream stream)
    {
        _socket = socket;
        Stream = stream;
        Reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferSize, minimumReadSize: BufferSize / 4, leaveOpen: true));
    }

    public Stream Stream { get; }

    public PipeReader Reader { get; }

    public bool IsEncrypted => Stream is SslStream;

    /// <summary>Whether what is sent never leaves the machine.</summary>
    public bool IsLocal => _socket.RemoteEndPoint is not IPEndPoint { Address: var address } || IPAddress.IsLoopback(address);

    /// <summary>The certificate that the other side has shown.</summary>
    public X509Certificate2? RemoteCertificate => (Stream as SslStream)?.RemoteCertificate as X509Certificate2;

    /// <summary>What is set on every socket: no delay, and probes that find out when the other side has vanished.</summary>
    public static void Configure(Socket socket)
    {
        if (socket.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6)
        {
            socket.NoDelay = true;
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
        }
    }

    /// <summary>Sends bytes of a buffer as they lie there.</summary>
    public async ValueTask SendAsync(ReadOnlySequence<byte> bytes, CancellationToken cancellation)
    {
        if (bytes.IsSingleSegment)
        {
            await Stream.WriteAsync(bytes.First, cancellation);
            return;
        }

        foreach (var segment in bytes)
        {
            await Stream.WriteAsync(segment, cancellation);
        }
    }

    /// <summary>Sends what was written in memory.</summary>
    public ValueTask SendAsync(WireWriter writer, CancellationToken cancellation) => Stream.WriteAsync(writer.Written, cancellation);

    /// <summary>Reads one whole message, which is copied; null when the other side has closed the connection.</summary>
    public async Task<Frame?> ReadFrameAsync(int limit, CancellationToken cancellation)
    {
        while (true)
        {
            var result = await Reader.ReadAsync(cancellation);
            var buffer = result.Buffer;
            if (Frame.TryRead(ref buffer, limit, out var frame))
            {
                var copy = new Frame(frame.Type, new ReadOnlySequence<byte>(frame.Body.ToArray()));
                Reader.AdvanceTo(buffer.Start);
                return copy;
            }

            Reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                return null;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Reader.CompleteAsync();
        await Stream.DisposeAsync();
        _socket.Dispose();
    }
}
