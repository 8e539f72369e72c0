namespace PgTrickle.Cli.CommandLine;

/// <summary>What scripts may rely on; docs/operations.md has the same table.</summary>
internal static class ExitCode
{
    /// <summary>Done, or ended by Ctrl-C where that is the way to end it.</summary>
    public const int Ok = 0;

    /// <summary>It ran, and the answer is no: differences, a failed check, an error of PostgreSQL.</summary>
    public const int Failed = 1;

    /// <summary>The command line can't be understood, or lacks something.</summary>
    public const int Usage = 2;

    /// <summary>The server can't be reached, refuses the login, or this machine lacks what is needed.</summary>
    public const int Environment = 3;

    /// <summary>A defect of this program (EX_SOFTWARE of sysexits.h).</summary>
    public const int Internal = 70;

    /// <summary>Interrupted before it was done (128 + SIGINT, as shells have it).</summary>
    public const int Interrupted = 130;
}
