using Npgsql;

namespace PgTrickle.Postgres.Catalog;

/// <summary>
/// Makes or verifies the two roles of a server. Roles belong to the whole server, so installers of several databases can meet here:
/// what collides is tried again.
/// </summary>
internal sealed class InstalledRoles(NpgsqlConnection connection)
{
    /// <summary>Where membership has options of its own, a role's creator is its administrator but neither inherits from it nor may become it.</summary>
    private bool HasMembershipOptions => connection.PostgreSqlVersion.Major >= 16;

    /// <summary>Creates what is missing and checks that this session may become pgtrickle.</summary>
    /// <exception cref="InstallException">A role is missing and may not be created, or this session may not use it.</exception>
    public async Task EnsureAsync(IReadOnlyList<string> controlRoles, CancellationToken cancellation)
    {
        await EnsureRoleAsync(InstalledSchema.OwnerRole, "CREATE ROLE %I NOLOGIN", cancellation).ConfigureAwait(false);
        await EnsureRoleAsync(InstalledSchema.WorkerRole, "CREATE ROLE %I LOGIN", cancellation).ConfigureAwait(false);
        await EnsureMemberAsync(InstalledSchema.WorkerRole, InstalledSchema.OwnerRole, mustSet: false, cancellation).ConfigureAwait(false);
        var current = await ScalarAsync<string>("SELECT current_user::text", cancellation).ConfigureAwait(false);
        foreach (var role in controlRoles.Prepend(current!))
        {
            await EnsureMemberAsync(InstalledSchema.OwnerRole, role, mustSet: true, cancellation).ConfigureAwait(false);
        }

        await RefusePowersAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Whether this session may change the worker's password.</summary>
    public async Task<bool> MayAlterWorkerAsync(CancellationToken cancellation)
    {
        const string sql = """
            SELECT rolsuper OR (rolcreaterole AND ($1::bool IS FALSE OR pg_has_role('pgtrickle_worker', 'MEMBER WITH ADMIN OPTION')))
            FROM pg_roles WHERE rolname = current_user
            """;
        return await ScalarAsync<bool>(sql, cancellation, HasMembershipOptions).ConfigureAwait(false);
    }

    private async Task EnsureRoleAsync(string role, string template, CancellationToken cancellation)
    {
        if (await ExistsAsync(role, cancellation).ConfigureAwait(false))
        {
            return;
        }

        try
        {
            var create = await UtilityStatement.FormatAsync(connection, template, [role], cancellation).ConfigureAwait(false);
            await SharedCatalogRetry.ExecuteAsync(connection, create, cancellation).ConfigureAwait(false);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.DuplicateObject)
        {
            // Another installer was faster, which is as good.
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new InstallException(
                $"Role {role} does not exist and this role may not create it. Run as a role with CREATEROLE, or have an administrator run: " +
                $"CREATE ROLE pgtrickle NOLOGIN; CREATE ROLE pgtrickle_worker LOGIN PASSWORD '...'; GRANT pgtrickle_worker TO pgtrickle; GRANT pgtrickle TO <this role>.",
                error);
        }
    }

    private async Task EnsureMemberAsync(string role, string member, bool mustSet, CancellationToken cancellation)
    {
        if (await IsMemberAsync(role, member, mustSet, cancellation).ConfigureAwait(false))
        {
            return;
        }

        var withOptions = mustSet && HasMembershipOptions;
        try
        {
            var grant = await UtilityStatement.FormatAsync(connection, withOptions ? "GRANT %I TO %I WITH SET TRUE, INHERIT TRUE" : "GRANT %I TO %I", [role, member], cancellation).ConfigureAwait(false);
            await SharedCatalogRetry.ExecuteAsync(connection, grant, cancellation).ConfigureAwait(false);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new InstallException(
                $"Role {member} is not a member of role {role}, and this role may not grant it. Have an administrator run: GRANT {role} TO {member}{(withOptions ? " WITH SET TRUE, INHERIT TRUE" : string.Empty)};", error);
        }
    }

    private Task<bool> IsMemberAsync(string role, string member, bool mustSet, CancellationToken cancellation)
    {
        // A superuser passes every membership test, but terminating a worker's session asks for nothing less than a real one.
        const string real = """
            SELECT EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles u ON u.oid = m.member
                WHERE r.rolname = $1 AND u.rolname = $2)
            """;
        return mustSet
            ? ScalarAsync<bool>("SELECT pg_has_role($2::name, $1::name, $3)", cancellation, role, member, HasMembershipOptions ? "SET" : "MEMBER")
            : ScalarAsync<bool>(real, cancellation, role, member);
    }

    /// <summary>Users' code runs in sessions of pgtrickle_worker, which is safe only as long as that role can do nothing.</summary>
    private async Task RefusePowersAsync(CancellationToken cancellation)
    {
        const string sql = """
            SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls OR NOT rolcanlogin
                OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)
            FROM pg_roles r WHERE rolname = 'pgtrickle_worker'
            """;
        if (await ScalarAsync<bool>(sql, cancellation).ConfigureAwait(false))
        {
            throw new InstallException(
                "Role pgtrickle_worker must be able to log in and have no other attribute and no membership: queries of stream tables run in its sessions.");
        }
    }

    private Task<bool> ExistsAsync(string role, CancellationToken cancellation) =>
        ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", cancellation, role);

    private async Task<T?> ScalarAsync<T>(string sql, CancellationToken cancellation, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return (T?)await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false);
    }
}
