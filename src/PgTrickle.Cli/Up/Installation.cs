using System.Security.Cryptography;
using Npgsql;
using PgTrickle.Cli.Connections;
using PgTrickle.Cli.Reporting;
using PgTrickle.Postgres.Catalog;

namespace PgTrickle.Cli.Up;

/// <summary>Installs the schema and provides the connection that nodes use.</summary>
internal static class Installation
{
    private const string NodeRole = "pgtrickle_node";

    /// <summary>Installs, or brings up to date.</summary>
    /// <param name="administrator">The role that installs, in the database in question.</param>
    /// <param name="isPrivate">
    /// Whether the server is the caller's alone: nodes then get a login role of their own. On a given server they use the role that installed.
    /// </param>
    /// <param name="show">Shows what is done.</param>
    /// <param name="cancellation">Ends it; the next attempt goes on from there.</param>
    /// <returns>The connection of nodes.</returns>
    public static async Task<NpgsqlConnectionStringBuilder> InstallAsync(
        NpgsqlConnectionStringBuilder administrator, bool isPrivate, Action<string> show, CancellationToken cancellation)
    {
        var control = isPrivate ? await CreateNodeRoleAsync(administrator, cancellation) : administrator;
        await new Installer().InstallAsync(
            administrator.ConnectionString,
            new InstallOptions { ControlRoles = isPrivate ? [NodeRole] : [], Progress = new Messages(show) },
            cancellation);
        return control;
    }

    /// <summary>Makes the role, or gives it another password when a server that was kept has it already.</summary>
    private static async Task<NpgsqlConnectionStringBuilder> CreateNodeRoleAsync(NpgsqlConnectionStringBuilder administrator, CancellationToken cancellation)
    {
        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        await using var connection = await ShortConnection.OpenAsync(administrator, cancellation);
        await using var exists = new NpgsqlCommand("SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1)", connection);
        exists.Parameters.Add(new NpgsqlParameter { Value = NodeRole });
        var template = (bool)(await exists.ExecuteScalarAsync(cancellation))! ? "ALTER ROLE %I LOGIN PASSWORD %L" : "CREATE ROLE %I LOGIN PASSWORD %L";
        await ServerFormatted.ExecuteAsync(connection, template, cancellation, NodeRole, password);
        return new NpgsqlConnectionStringBuilder(administrator.ConnectionString) { Username = NodeRole, Password = password };
    }
}
