namespace PgTrickle.Wire;

/// <summary>Types of the messages that clients send and that somebody here looks at.</summary>
public static class FrontendType
{
#pragma warning disable CS1591 // The names are the protocol's.
    public const byte Bind = (byte)'B';
    public const byte Close = (byte)'C';
    public const byte CopyData = (byte)'d';
    public const byte CopyDone = (byte)'c';
    public const byte CopyFail = (byte)'f';
    public const byte Execute = (byte)'E';
    public const byte Flush = (byte)'H';
    public const byte FunctionCall = (byte)'F';
    public const byte Parse = (byte)'P';
    public const byte Query = (byte)'Q';
    public const byte Sync = (byte)'S';
    public const byte Terminate = (byte)'X';

    /// <summary>PasswordMessage, SASLInitialResponse, SASLResponse and GSSResponse share a letter.</summary>
    public const byte Password = (byte)'p';
#pragma warning restore CS1591
}
