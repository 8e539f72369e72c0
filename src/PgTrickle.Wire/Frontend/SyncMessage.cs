namespace PgTrickle.Wire.Frontend;

/// <summary>Ends a series of extended messages; answered by ReadyForQuery.</summary>
public static class SyncMessage
{
    /// <summary>Writes a Sync.</summary>
    public static void Write(WireWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Message(FrontendType.Sync, _ => { });
    }
}
