namespace PgTrickle.Wire.Frontend;

/// <summary>Runs a portal.</summary>
public static class ExecuteMessage
{
    /// <summary>Writes an Execute that fetches all rows.</summary>
    public static void Write(WireWriter writer, string portal)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Message(FrontendType.Execute, body => body.CString(portal).Int32(0));
    }
}
