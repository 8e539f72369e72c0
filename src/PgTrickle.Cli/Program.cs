using PgTrickle.Cli.CommandLine;

return await CommandTree.RunAsync(args, CliContext.OfProcess());
