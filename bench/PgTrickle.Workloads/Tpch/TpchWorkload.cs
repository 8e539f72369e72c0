using System.Globalization;
using Npgsql;
using PgTrickle.TestInfrastructure;
using PgTrickle.Workloads.Generation;
using PgTrickle.Workloads.Running;

namespace PgTrickle.Workloads.Tpch;

/// <summary>TPC-H: eight tables, and the 22 queries with their validation parameters.</summary>
public sealed class TpchWorkload : Workload
{
    private readonly TpchRows _rows;
    private readonly TpchChanges _changes;

    /// <param name="seed">Another seed, other data and other changes.</param>
    /// <param name="scale">1 is 6 million line items; at least 0.001.</param>
    /// <param name="ordersOnly">Whether orders and line items alone change.</param>
    public TpchWorkload(int seed, double scale, bool ordersOnly = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(scale, 0.001);
        _rows = new TpchRows(seed, scale);
        _changes = new TpchChanges(_rows, ordersOnly);
        Queries = [.. ResourceQueries(Enumerable.Range(1, 22).Select(static n => string.Create(CultureInfo.InvariantCulture, $"q{n}")))
            .Select(q => q with { Text = q.Text.Replace(":fraction", (0.0001 / scale).ToString("F10", CultureInfo.InvariantCulture), StringComparison.Ordinal) })];
    }

    public override string Name => "tpch";

    public override IReadOnlyList<WorkloadQuery> Queries { get; }

    public override async Task LoadAsync(NpgsqlDataSource database)
    {
        await database.ExecuteAsync(Resource("schema.sql"));
        await Copy.RowsAsync(database, "region", _rows.RegionRows());
        await Copy.RowsAsync(database, "nation", _rows.NationRows());
        await Copy.RowsAsync(database, "supplier", Enumerable.Range(1, _rows.Suppliers).Select(_rows.Supplier));
        await Copy.RowsAsync(database, "part", Enumerable.Range(1, _rows.Parts).Select(_rows.Part));
        await Copy.RowsAsync(database, "partsupp", Enumerable.Range(1, _rows.Parts).SelectMany(_rows.PartSuppliers));
        await Copy.RowsAsync(database, "customer", Enumerable.Range(1, _rows.Customers).Select(_rows.Customer));
        await Task.WhenAll(
            Copy.RowsAsync(database, "orders", Enumerable.Range(0, _rows.Orders).Select(static n => (long)n).Select(_rows.Order)),
            Copy.RowsAsync(database, "lineitem", Enumerable.Range(0, _rows.Orders).Select(static n => (long)n).SelectMany(_rows.LineItems)));
        await database.ExecuteAsync(Resource("keys.sql"));
        await database.ExecuteAsync("VACUUM ANALYZE");
    }

    public override Task ChangeAsync(NpgsqlDataSource database, int round, double share) => _changes.ApplyAsync(database, round, share);
}
