using PgTrickle.Cli.Up;

namespace PgTrickle.Cli.Demo;

/// <summary>What a demo should be like.</summary>
/// <param name="Target">Where it runs.</param>
/// <param name="Nodes">Node processes, at least 1.</param>
/// <param name="Writing">How long the writers write.</param>
/// <param name="Writers">Connections that write, at least 2.</param>
/// <param name="Seed">Of what they write.</param>
internal sealed record DemoOptions(PostgresTarget Target, int Nodes, TimeSpan Writing, int Writers, int Seed);
