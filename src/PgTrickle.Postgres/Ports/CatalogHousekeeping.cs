namespace PgTrickle.Postgres.Ports;

/// <summary>What some node does now and then for a database.</summary>
public interface ICatalogHousekeeping
{
    /// <summary>Removes stream tables whose relation was dropped by hand; <see cref="IStreamTableCatalog.LoadAsync"/> does it, too.</summary>
    /// <returns>The number of stream tables removed.</returns>
    Task<long> ForgetDroppedAsync(CancellationToken cancellation);

    /// <summary>Removes history and finished commands older than <c>history_retention_days</c>. Once an hour is often enough.</summary>
    /// <returns>The number of history rows removed.</returns>
    Task<long> PruneAsync(CancellationToken cancellation);
}
