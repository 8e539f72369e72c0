using System.IO.Pipelines;
using PgTrickle.Cli.Up;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Cli.Tests.Up;

public sealed class ParentWatchTests
{
    [Fact]
    public async Task The_end_of_the_pipe_is_noticed_and_what_comes_before_is_not()
    {
        // A write to so narrow a pipe ends when the reader has taken it.
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 2, resumeWriterThreshold: 1));
        var ended = false;
        ParentWatch.Start(pipe.Reader.AsStream(), () => ended = true);

        await pipe.Writer.WriteAsync(new byte[] { 1, 2, 3 });
        Assert.False(ended);

        await pipe.Writer.CompleteAsync();
        await Eventually.TrueAsync(() => ended, "the end was noticed");
    }

    [Fact]
    public async Task A_broken_pipe_is_an_end()
    {
        var pipe = new Pipe();
        var ended = false;
        ParentWatch.Start(pipe.Reader.AsStream(), () => ended = true);

        await pipe.Writer.CompleteAsync(new IOException("broken"));

        await Eventually.TrueAsync(() => ended, "the end was noticed");
    }
}
