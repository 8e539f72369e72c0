using System.Data.Common;
using Akka.Actor.Setup;
using Akka.Persistence.Sql.Config;
using LinqToDB;
using LinqToDB.Data;
using LinqToDB.DataProvider.PostgreSQL;

namespace PgTrickle.Actors.Dag;

/// <summary>Gives the coordinator's journal its connections in code, so that no password stands in a configuration.</summary>
public static class JournalConnections
{
    // The plugin looks at the name, the library at the provider.
    private const string ProviderName = "PostgreSQL.15";

    /// <summary>The setup of an actor system whose journal uses these connections.</summary>
    /// <param name="connect">Makes a closed connection as role pgtrickle.</param>
    public static Setup Over(Func<DbConnection> connect) => new DataOptionsSetup(new DataOptions(new ConnectionOptions(
        ProviderName: ProviderName,
        DataProvider: PostgreSQLTools.GetDataProvider(PostgreSQLVersion.v15),
        ConnectionFactory: _ => connect())));
}
