namespace PgTrickle.Clients.Tests;

/// <summary>Calls that the tests have in common. The stand-in for the cluster fails those on names that begin with "bad".</summary>
internal static class Statements
{
    public const string Create = "SELECT pgtrickle.create_stream_table('st', 'SELECT k, v FROM t', '1m')";
    public const string CreateBad = "SELECT pgtrickle.create_stream_table('bad', 'SELECT k, v FROM t', '1m')";
    public const string Refresh = "SELECT pgtrickle.refresh_stream_table('st')";
}
