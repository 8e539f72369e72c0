using System.Collections.Concurrent;
using System.Collections.Immutable;
using PgTrickle.Postgres.Ports;

namespace PgTrickle.Actors.Tests.Fakes;

/// <summary>A catalog in memory. It may be shared by several nodes.</summary>
public sealed class FakeCatalog : IStreamTableCatalog, ICatalogHousekeeping
{
    private readonly Lock gate = new();
    private CatalogImage image = new("0", [], ImmutableDictionary<string, string>.Empty);
    private long version;
    private int loads;

    public ConcurrentQueue<FailureRecord> Failures { get; } = new();

    public ConcurrentDictionary<long, string> Schedules { get; } = new();

    public int Loads => Volatile.Read(ref loads);

    /// <summary>Set while the database is away.</summary>
    public Exception? Problem { get; set; }

    public static CatalogStreamTable Table(long id, string schedule = "1s", long[]? upstream = null, uint[]? sources = null) => new(
        id,
        "public",
        $"st{id}",
        schedule,
        "DIFFERENTIAL",
        "DIFFERENTIAL",
        "hot",
        "ACTIVE",
        IsPopulated: true,
        Initialize: true,
        NeedsReinit: false,
        "atomic",
        "fastest",
        "off",
        null,
        0,
        null,
        1,
        [
            .. (upstream ?? []).Select(other => new CatalogSource(50_000 + (uint)other, other)),
            .. (sources ?? [(uint)(1000 + id)]).Select(relid => new CatalogSource(relid, null)),
        ]);

    public void Set(params CatalogStreamTable[] tables) => Change(old => old with { StreamTables = [.. tables.OrderBy(table => table.PgtId)] });

    public void Set(string setting, string value) => Change(old => old with { Settings = old.Settings.SetItem(setting, value) });

    public void Update(long id, Func<CatalogStreamTable, CatalogStreamTable> change, bool quietly = false) => Change(
        old => old with { StreamTables = [.. old.StreamTables.Select(table => table.PgtId == id ? change(table) : table)] }, quietly);

    public Task<CatalogImage> LoadAsync(CancellationToken cancellation)
    {
        Interlocked.Increment(ref loads);
        lock (gate)
        {
            return Problem is { } problem ? Task.FromException<CatalogImage>(problem) : Task.FromResult(image);
        }
    }

    public Task<bool> HasChangedAsync(CatalogImage image, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(image);
        lock (gate)
        {
            return Problem is { } problem ? Task.FromException<bool>(problem) : Task.FromResult(image.Snapshot != this.image.Snapshot);
        }
    }

    public Task RecordFailureAsync(FailureRecord failure, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(failure);
        Failures.Enqueue(failure);
        var status = failure.Kind == FailureKind.Permanent ? "ERROR" : failure.Suspend ? "SUSPENDED" : null;
        Update(failure.PgtId, table => table with { Status = status ?? table.Status }, quietly: true);
        return Task.CompletedTask;
    }

    public Task WriteEffectiveSchedulesAsync(IReadOnlyDictionary<long, string> schedules, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(schedules);
        foreach (var (id, schedule) in schedules)
        {
            Schedules[id] = schedule;
        }

        return Task.CompletedTask;
    }

    public Task<long> ForgetDroppedAsync(CancellationToken cancellation) => Task.FromResult(0L);

    public Task<long> PruneAsync(CancellationToken cancellation) => Task.FromResult(0L);

    private void Change(Func<CatalogImage, CatalogImage> change, bool quietly = false)
    {
        lock (gate)
        {
            version += quietly ? 0 : 1;
            image = change(image) with { Snapshot = version.ToString(System.Globalization.CultureInfo.InvariantCulture) };
        }
    }
}
