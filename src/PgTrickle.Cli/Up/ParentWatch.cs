namespace PgTrickle.Cli.Up;

/// <summary>
/// The other end of <see cref="NodeProcess"/>: tells when the pipe from the parent ends. The kernel closes it however the parent ends, also when it is killed.
/// </summary>
internal static class ParentWatch
{
    /// <summary>Calls back when the input ends. Watches on a thread of its own: reading a console blocks.</summary>
    public static void Start(Stream input, Action parentEnded) => new Thread(() => Watch(input, parentEnded))
    {
        IsBackground = true,
        Name = "parent watch",
    }.Start();

    private static void Watch(Stream input, Action parentEnded)
    {
        var buffer = new byte[64];
        try
        {
            while (input.Read(buffer) > 0)
            {
                // Nothing is ever sent; only the end matters.
            }
        }
        catch (IOException)
        {
            // A broken pipe is an end, too.
        }

        parentEnded();
    }
}
