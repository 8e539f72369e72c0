using System.CommandLine;
using PgTrickle.Cli.CommandLine;
using PgTrickle.Cli.Connections;
using PgTrickle.Cli.Reporting;
using PgTrickle.Postgres.Catalog;

namespace PgTrickle.Cli.Commands;

/// <summary><c>pgtrickle install</c>: the schema pgtrickle, its roles, and the password of the role that runs refreshes.</summary>
internal sealed class InstallCommand : CliCommand
{
    /// <summary>Where the worker's password comes from when no option gives it.</summary>
    public const string PasswordVariable = "PGTRICKLE_WORKER_PASSWORD";

    private readonly Option<string?> _connection = CommonOptions.Connection();

    private readonly Option<string[]> _controlRoles = new("--control-role")
    {
        Description = "A login role that nodes will use; it becomes a member of role pgtrickle. May be given several times. The role that installs is one already.",
        HelpName = "role",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string?> _workerPassword = new("--worker-password")
    {
        Description = $"The password of role pgtrickle_worker, when it was set by somebody else. Better given by the environment variable {PasswordVariable}. Without it one is generated.",
        HelpName = "password",
    };

    private readonly CliContext _context;

    public InstallCommand(CliContext context)
        : base(
            "install",
            "Installs stream tables in a database, or brings an installation up to date. Needs no superuser: the owner of the database with CREATEROLE "
            + "will do. It may be repeated at any time.",
            new Example($"{ConnectionText.Variable}=postgresql://admin:secret@db:5432/shop pgtrickle install", "Install in database shop"),
            new Example("pgtrickle install --control-role shop_node", "The same, and let the login role shop_node run nodes"))
    {
        _context = context;
        Options.Add(_connection);
        Options.Add(_controlRoles);
        Options.Add(_workerPassword);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        var connection = ConnectionText.Require(arguments.GetValue(_connection), _context);
        var applied = await new ProgressReporter(_context).RunAsync("Installing", show => new Installer().InstallAsync(
            connection.ConnectionString,
            new InstallOptions
            {
                ControlRoles = arguments.GetValue(_controlRoles) ?? [],
                WorkerPassword = arguments.GetValue(_workerPassword) ?? _context.Variable(PasswordVariable),
                Progress = new Messages(show),
            },
            cancellation));
        await _context.Output.WriteLineAsync(applied == 0
            ? $"{PostgresUri.WithoutSecrets(connection)} is up to date"
            : $"{PostgresUri.WithoutSecrets(connection)}: {applied} migrations applied");
        return ExitCode.Ok;
    }
}
