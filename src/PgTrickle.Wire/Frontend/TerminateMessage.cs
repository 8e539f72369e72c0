namespace PgTrickle.Wire.Frontend;

/// <summary>Ends a session.</summary>
public static class TerminateMessage
{
    /// <summary>Writes a Terminate.</summary>
    public static void Write(WireWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Message(FrontendType.Terminate, _ => { });
    }
}
