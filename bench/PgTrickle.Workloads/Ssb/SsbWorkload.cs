using System.Globalization;
using Npgsql;
using PgTrickle.TestInfrastructure;
using PgTrickle.Workloads.Generation;
using PgTrickle.Workloads.Running;
using PgTrickle.Workloads.Tpch;

namespace PgTrickle.Workloads.Ssb;

/// <summary>The star schema benchmark (O'Neil et al. 2009): a table of facts, four of dimensions, 13 queries. Rows come from a generator of our own.</summary>
public sealed class SsbWorkload : Workload
{
    private static readonly string[] Names = ["q1_1", "q1_2", "q1_3", "q2_1", "q2_2", "q2_3", "q3_1", "q3_2", "q3_3", "q3_4", "q4_1", "q4_2", "q4_3"];

    private readonly int _seed;
    private readonly int _orders;
    private readonly int _customers;
    private readonly int _suppliers;
    private readonly int _parts;
    private long _nextOrder;
    private int _nextCustomer;
    private int _nextSupplier;
    private int _nextPart;

    /// <param name="seed">Another seed, other data.</param>
    /// <param name="scale">1 is 6 million facts; at least 0.001.</param>
    public SsbWorkload(int seed, double scale)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(scale, 0.001);
        _seed = seed;
        _orders = Math.Max((int)(1_500_000 * scale), 8);
        _customers = Math.Max((int)(30_000 * scale), 50);
        _suppliers = Math.Max((int)(2_000 * scale), 50);
        _parts = Math.Max((int)(200_000 * Math.Min(scale, 1)), 100);
        (_nextOrder, _nextCustomer, _nextSupplier, _nextPart) = (_orders, _customers + 1, _suppliers + 1, _parts + 1);
        Queries = ResourceQueries(Names);
    }

    public override string Name => "ssb";

    public override IReadOnlyList<WorkloadQuery> Queries { get; }

    public override async Task LoadAsync(NpgsqlDataSource database)
    {
        await database.ExecuteAsync(Resource("schema.sql"));
        await Copy.RowsAsync(database, "date_dim", Enumerable.Range(0, 2557).Select(Day));
        await Copy.RowsAsync(database, "customer", Enumerable.Range(1, _customers).Select(Customer));
        await Copy.RowsAsync(database, "supplier", Enumerable.Range(1, _suppliers).Select(Supplier));
        await Copy.RowsAsync(database, "part", Enumerable.Range(1, _parts).Select(Part));
        await Copy.RowsAsync(database, "lineorder", Enumerable.Range(0, _orders).Select(static n => (long)n).SelectMany(Facts));
        await database.ExecuteAsync(Resource("keys.sql"));
        await database.ExecuteAsync("VACUUM ANALYZE");
    }

    public override async Task ChangeAsync(NpgsqlDataSource database, int round, double share)
    {
        await using var connection = await database.OpenConnectionAsync();
        var third = Math.Max((int)(_orders * share / 3), 1);
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await Copy.RowsAsync(connection, "customer", [Customer(_nextCustomer++)]);
            await Copy.RowsAsync(connection, "supplier", [Supplier(_nextSupplier++)]);
            await Copy.RowsAsync(connection, "part", [Part(_nextPart++)]);
            var first = _nextOrder;
            _nextOrder += third;
            await Copy.RowsAsync(connection, "lineorder", Enumerable.Range(0, third).SelectMany(i => Facts(first + i)));
            await transaction.CommitAsync();
        }

        const string facts = "lo_orderkey IN (SELECT lo_orderkey FROM lineorder WHERE lo_linenumber = 1 ORDER BY hashint8extended(lo_orderkey, $1) LIMIT $2)";
        await connection.ExecuteAsync($"DELETE FROM lineorder WHERE {facts}", 8L * round, (long)third);
        await connection.ExecuteAsync(
            $"UPDATE lineorder SET lo_discount = (lo_discount + 1) % 11, lo_quantity = 1 + (lo_quantity + 6) % 50, lo_revenue = lo_revenue + 100 WHERE {facts}", 8L * round + 1, (long)third);
        await OneOfAsync(connection, "UPDATE customer SET c_city = 'UNITED KI1', c_nation = 'UNITED KINGDOM', c_region = 'EUROPE' WHERE c_custkey", "customer", "c_custkey", 8L * round + 2);
        await OneOfAsync(connection, "UPDATE part SET p_mfgr = 'MFGR#1', p_category = 'MFGR#12', p_brand1 = 'MFGR#1221' WHERE p_partkey", "part", "p_partkey", 8L * round + 3);
        await OneOfAsync(connection, "DELETE FROM part WHERE p_partkey", "part", "p_partkey", 8L * round + 4);
        await OneOfAsync(connection, "DELETE FROM customer WHERE c_custkey", "customer", "c_custkey", 8L * round + 5);
        if (round % 5 == 4)
        {
            // What many facts hang on: days and suppliers.
            await OneOfAsync(connection, "UPDATE supplier SET s_region = 'AMERICA', s_nation = 'UNITED STATES' WHERE s_suppkey", "supplier", "s_suppkey", 8L * round + 6);
            await OneOfAsync(connection, "DELETE FROM supplier WHERE s_suppkey", "supplier", "s_suppkey", 8L * round + 7);
            await connection.ExecuteAsync("UPDATE date_dim SET d_weeknuminyear = 6 WHERE d_datekey BETWEEN 19940101 AND 19940103");
            await connection.ExecuteAsync("DELETE FROM date_dim WHERE d_datekey = 19930707");
        }
    }

    private static Task OneOfAsync(NpgsqlConnection connection, string statement, string table, string key, long salt)
        => connection.ExecuteAsync($"{statement} = (SELECT {key} FROM {table} ORDER BY hashint8extended({key}, $1) LIMIT 1)", salt);

    private static string Day(int number)
    {
        var day = new DateOnly(1992, 1, 1).AddDays(number);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{day:yyyyMMdd}\t{day:yyyy-MM-dd}\t{day:dddd}\t{day:MMMM}\t{day.Year}\t{day:yyyyMM}\t{day:MMM}{day.Year}\t{(day.DayOfYear - 1) / 7 + 1}");
    }

    private string Customer(int key)
    {
        var random = new RowRandom(_seed, 30, key);
        return $"{key}\tCustomer#{key:D9}\t{Place(ref random)}\t{random.Pick(TpchWords.Segments)}";
    }

    private string Supplier(int key)
    {
        var random = new RowRandom(_seed, 31, key);
        return $"{key}\tSupplier#{key:D9}\t{Place(ref random)}";
    }

    /// <summary>City, nation and region.</summary>
    private static string Place(ref RowRandom random)
    {
        var (nation, region) = random.Pick(TpchWords.Nations);
        return $"{nation.PadRight(9)[..9]}{random.Next(0, 9)}\t{nation}\t{TpchWords.Regions[region]}";
    }

    private string Part(int key)
    {
        var random = new RowRandom(_seed, 32, key);
        var (maker, category) = (random.Next(1, 5), random.Next(1, 5));
        return $"{key}\t{random.Pick(TpchWords.Colours)} {random.Pick(TpchWords.Colours)[..3]}\tMFGR#{maker}\tMFGR#{maker}{category}\tMFGR#{maker}{category}{random.Next(1, 40)}\t{random.Pick(TpchWords.Colours)[..3]}\t{random.Next(1, 50)}";
    }

    private IEnumerable<string> Facts(long order)
    {
        var random = new RowRandom(_seed, 33, order);
        var day = new DateOnly(1992, 1, 1).AddDays(random.Next(0, 2405));
        var customer = random.Next(1, _customers);
        var priority = random.Pick(TpchWords.Priorities);
        var lines = random.Next(1, 7);
        for (var line = 1; line <= lines; line++)
        {
            var quantity = random.Next(1, 50);
            var price = quantity * random.Next(901, 2000);
            var discount = random.Next(0, 10);
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{order}\t{line}\t{customer}\t{random.Next(1, _parts)}\t{random.Next(1, _suppliers)}\t{day:yyyyMMdd}\t{priority}\t{quantity}\t{price}\t{discount}\t{price * (100 - discount) / 100}\t{price * 6 / 10 / quantity}\t{random.Next(0, 8)}\t{random.Pick(TpchWords.Modes)}");
        }
    }
}
