using System.Globalization;
using Microsoft.Extensions.Configuration;
using PgTrickle.Node;

// The bare node for containers; "pgtrickle node" of the command line tool is the same with help and more options.
var settings = new ConfigurationBuilder().AddEnvironmentVariables("PGTRICKLE_").AddCommandLine(args).Build();
if (settings["connection"] is not { Length: > 0 } connection)
{
    await Console.Error.WriteLineAsync("No database is given: set PGTRICKLE_CONNECTION to a connection string.");
    return NodeProgram.Misconfigured;
}

var options = new NodeOptions
{
    ControlConnection = connection,
    WorkerConnection = settings["worker-connection"],
    Name = settings["name"],
    Host = settings["host"],
    Port = settings["port"] is { } port ? int.Parse(port, CultureInfo.InvariantCulture) : null,
    PublicHost = settings["public-host"],
    Roles = settings["roles"]?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
    MaxWorkers = settings["max-workers"] is { } workers ? int.Parse(workers, CultureInfo.InvariantCulture) : null,
    ConfigFile = settings["config"],
};
return await NodeProgram.RunAsync(options, Console.Out, Console.Error, CancellationToken.None);
