namespace PgTrickle.Clients.Tests.Setup;

/// <summary>
/// A theory that wants clients. Where one can't be found it is skipped; under <see cref="RequireVariable"/>, which <c>.ci/run</c> sets, it fails.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClientTheoryAttribute : TheoryAttribute
{
    /// <summary>Set to 1 where every client must be there.</summary>
    public const string RequireVariable = "PGTRICKLE_REQUIRE_CLIENTS";

    public ClientTheoryAttribute(params Client[] clients)
    {
        Clients = clients;
        if (clients.Select(InstalledClients.Missing).OfType<string>().ToList() is { Count: > 0 } missing)
        {
            Skip = string.Join("; ", missing);
        }
    }

    /// <summary>What the test runs.</summary>
    public IReadOnlyList<Client> Clients { get; }
}

/// <summary>A test of one client alone. Where that can't be found, the test's name becomes the message, since runners print no more of a skipped test.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClientFactAttribute : FactAttribute
{
    public ClientFactAttribute(Client client)
    {
        Client = client;
        if (InstalledClients.Missing(client) is { } missing)
        {
            DisplayName = missing;
            Skip = missing;
        }
    }

    /// <summary>What the test runs.</summary>
    public Client Client { get; }
}
