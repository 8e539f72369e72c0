using System.Globalization;
using Npgsql;
using PgTrickle.TestInfrastructure;
using PgTrickle.Workloads.Generation;

namespace PgTrickle.Workloads.Tpch;

/// <summary>
/// Changes of one interval: new orders with their items, deleted ones, updates; a third each, of every table but nation and region. Every fifth round changes those, too,
/// and what many rows hang on: a nation moves to another region, a supplier vanishes with all that it delivered, so do parts. Keys of new rows go on where those of the
/// generator end.
/// </summary>
/// <param name="rows">The generator.</param>
/// <param name="ordersOnly">Whether orders and line items alone change, as by the benchmark's own refresh functions, but with updates.</param>
internal sealed class TpchChanges(TpchRows rows, bool ordersOnly)
{
    /// <summary>Rows of a table whose key hashes lowest: the same in every run, others in every round.</summary>
    private const string Chosen = "CREATE TEMP TABLE chosen ON COMMIT DROP AS SELECT {0} AS key FROM {1} ORDER BY hashint8extended({0}, $1) LIMIT $2";

    private const int FirstNewNation = 25;

    private long _nextOrder = rows.Orders;
    private int _nextCustomer = rows.Customers + 1;
    private int _nextPart = rows.Parts + 1;
    private int _nextSupplier = rows.Suppliers + 1;
    private int _nextNation = FirstNewNation;

    public async Task ApplyAsync(NpgsqlDataSource database, int round, double share)
    {
        await using var connection = await database.OpenConnectionAsync();
        if (!ordersOnly)
        {
            await InsertAsync(connection, share);
        }

        await InsertOrdersAsync(connection, share);
        await DeleteOrdersAsync(connection, round, share);
        await UpdateOrdersAsync(connection, round, share);
        if (ordersOnly)
        {
            return;
        }

        await DeleteAsync(connection, round, share);
        await UpdateAsync(connection, round, share);
        if (round % 5 == 4)
        {
            await MoveAsync(connection, round);
        }
    }

    private async Task InsertAsync(NpgsqlConnection connection, double share)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await Copy.RowsAsync(connection, "supplier", Take(ref _nextSupplier, Third(rows.Suppliers, share)).Select(rows.Supplier));
        var parts = Take(ref _nextPart, Third(rows.Parts, share));
        await Copy.RowsAsync(connection, "part", parts.Select(rows.Part));
        await StagedAsync(connection, "partsupp", parts.SelectMany(rows.PartSuppliers), "EXISTS (SELECT FROM supplier WHERE s_suppkey = ps_suppkey)");
        await Copy.RowsAsync(connection, "customer", Take(ref _nextCustomer, Third(rows.Customers, share)).Select(rows.Customer));
        await transaction.CommitAsync();
    }

    private async Task InsertOrdersAsync(NpgsqlConnection connection, double share)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        var first = _nextOrder;
        _nextOrder += Third(rows.Orders, share);
        List<long> orders = [.. Enumerable.Range(0, (int)(_nextOrder - first)).Select(i => first + i)];
        await StagedAsync(connection, "orders", orders.Select(rows.Order), "EXISTS (SELECT FROM customer WHERE c_custkey = o_custkey)");
        await StagedAsync(connection, "lineitem", orders.SelectMany(rows.LineItems),
            "EXISTS (SELECT FROM orders WHERE o_orderkey = l_orderkey) AND EXISTS (SELECT FROM partsupp WHERE ps_partkey = l_partkey AND ps_suppkey = l_suppkey)");
        await transaction.CommitAsync();
    }

    private Task DeleteOrdersAsync(NpgsqlConnection connection, int round, double share) => InTransactionAsync(
        connection, "o_orderkey", "orders", 8L * round, Third(rows.Orders, share),
        "DELETE FROM lineitem WHERE l_orderkey IN (SELECT key FROM chosen)",
        "DELETE FROM orders WHERE o_orderkey IN (SELECT key FROM chosen)");

    private async Task DeleteAsync(NpgsqlConnection connection, int round, double share)
    {
        await InTransactionAsync(connection, "c_custkey", "customer WHERE NOT EXISTS (SELECT FROM orders WHERE o_custkey = c_custkey)",
            8L * round + 1, Third(rows.Customers, share),
            "DELETE FROM customer WHERE c_custkey IN (SELECT key FROM chosen)");
        await InTransactionAsync(connection, "p_partkey", "part WHERE NOT EXISTS (SELECT FROM lineitem WHERE l_partkey = p_partkey)",
            8L * round + 2, Third(rows.Parts, share),
            "DELETE FROM partsupp WHERE ps_partkey IN (SELECT key FROM chosen)",
            "DELETE FROM part WHERE p_partkey IN (SELECT key FROM chosen)");
        await InTransactionAsync(connection, "s_suppkey", "supplier WHERE NOT EXISTS (SELECT FROM partsupp WHERE ps_suppkey = s_suppkey)",
            8L * round + 3, Third(rows.Suppliers, share),
            "DELETE FROM supplier WHERE s_suppkey IN (SELECT key FROM chosen)");
    }

    private Task UpdateOrdersAsync(NpgsqlConnection connection, int round, double share) => InTransactionAsync(
        connection, "o_orderkey", "orders", 8L * round + 4, Third(rows.Orders, share),
        """
        UPDATE orders SET
            o_orderpriority = CASE o_orderpriority WHEN '1-URGENT' THEN '5-LOW' ELSE '1-URGENT' END,
            o_orderstatus = CASE WHEN o_orderkey % 3 = 0 THEN 'F' ELSE o_orderstatus END,
            o_orderdate = o_orderdate + (o_orderkey % 5)::int - 2,
            o_totalprice = o_totalprice + 1,
            o_comment = CASE WHEN o_orderkey % 8 = 0 THEN 'special requests' ELSE o_comment END
        WHERE o_orderkey IN (SELECT key FROM chosen)
        """,
        """
        UPDATE lineitem SET
            l_quantity = 1 + (l_quantity * 7)::int % 50,
            l_extendedprice = l_extendedprice + 1.5,
            l_discount = ((l_discount * 100)::int + 1) % 11 / 100.0,
            l_shipdate = l_shipdate + l_linenumber - 3,
            l_receiptdate = l_receiptdate + 3 * l_linenumber - 9,
            l_returnflag = CASE l_returnflag WHEN 'R' THEN 'A' ELSE 'R' END
        WHERE l_orderkey IN (SELECT key FROM chosen)
        """);

    private async Task UpdateAsync(NpgsqlConnection connection, int round, double share)
    {
        await InTransactionAsync(connection, "c_custkey", "customer", 8L * round + 5, Third(rows.Customers, share),
            """
            UPDATE customer SET c_acctbal = -c_acctbal, c_nationkey = (c_nationkey + 3) % 25, c_phone = (c_nationkey + 13)::text || substr(c_phone, 3),
                c_mktsegment = CASE c_mktsegment WHEN 'BUILDING' THEN 'FURNITURE' ELSE 'BUILDING' END
            WHERE c_custkey IN (SELECT key FROM chosen)
            """);
        await InTransactionAsync(connection, "p_partkey", "part", 8L * round + 6, Third(rows.Parts, share),
            """
            UPDATE part SET p_size = 1 + (p_size + 13) % 50, p_type = CASE WHEN p_partkey % 2 = 0 THEN 'ECONOMY ANODIZED STEEL' ELSE 'PROMO PLATED BRASS' END,
                p_name = CASE WHEN p_partkey % 3 = 0 THEN 'forest green' ELSE p_name END, p_brand = 'Brand#23'
            WHERE p_partkey IN (SELECT key FROM chosen)
            """,
            "UPDATE partsupp SET ps_availqty = 1 + (ps_availqty + 777) % 9999, ps_supplycost = ps_supplycost + 1 WHERE ps_partkey IN (SELECT key FROM chosen)");
        await InTransactionAsync(connection, "s_suppkey", "supplier", 8L * round + 7, Third(rows.Suppliers, share),
            """
            UPDATE supplier SET s_acctbal = s_acctbal + 10,
                s_comment = CASE WHEN s_comment LIKE '%Customer%' THEN 'none' ELSE 'Customer Complaints' END
            WHERE s_suppkey IN (SELECT key FROM chosen)
            """);
    }

    private async Task MoveAsync(NpgsqlConnection connection, int round)
    {
        await Copy.RowsAsync(connection, "region", [rows.Region(_nextNation, "ATLANTIS " + _nextNation.ToString(CultureInfo.InvariantCulture))]);
        await Copy.RowsAsync(connection, "nation", [rows.Nation(_nextNation, "UTOPIA " + _nextNation.ToString(CultureInfo.InvariantCulture), _nextNation)]);
        if (_nextNation > FirstNewNation)
        {
            await connection.ExecuteAsync("DELETE FROM nation WHERE n_nationkey = $1", _nextNation - 1);
            await connection.ExecuteAsync("DELETE FROM region WHERE r_regionkey = $1", _nextNation - 1);
        }

        _nextNation++;
        await connection.ExecuteAsync("UPDATE region SET r_comment = r_comment || '.' WHERE r_regionkey = $1", round % 5);
        await connection.ExecuteAsync("UPDATE nation SET n_regionkey = (n_regionkey + 1) % 5 WHERE n_nationkey = $1", round % 25);
        await InTransactionAsync(connection, "s_suppkey", "supplier", round, 1,
            "DELETE FROM lineitem WHERE l_suppkey IN (SELECT key FROM chosen)",
            "DELETE FROM partsupp WHERE ps_suppkey IN (SELECT key FROM chosen)",
            "DELETE FROM supplier WHERE s_suppkey IN (SELECT key FROM chosen)");
        await InTransactionAsync(connection, "p_partkey", "part", round, 2,
            "DELETE FROM lineitem WHERE l_partkey IN (SELECT key FROM chosen)",
            "DELETE FROM partsupp WHERE ps_partkey IN (SELECT key FROM chosen)",
            "DELETE FROM part WHERE p_partkey IN (SELECT key FROM chosen)");
    }

    /// <summary>Of new rows those whose parents have not been deleted.</summary>
    private static async Task StagedAsync(NpgsqlConnection connection, string table, IEnumerable<string> lines, string hasParents)
    {
        await connection.ExecuteAsync($"CREATE TEMP TABLE staged (LIKE {table}) ON COMMIT DROP");
        await Copy.RowsAsync(connection, "staged", lines);
        await connection.ExecuteAsync($"INSERT INTO {table} SELECT * FROM staged WHERE {hasParents}");
        await connection.ExecuteAsync("DROP TABLE staged");
    }

    private static async Task InTransactionAsync(NpgsqlConnection connection, string key, string from, long salt, int count, params string[] statements)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync(string.Format(CultureInfo.InvariantCulture, Chosen, key, from), salt, count);
        await connection.ExecuteAsync("ANALYZE chosen");
        foreach (var statement in statements)
        {
            await connection.ExecuteAsync(statement);
        }

        await transaction.CommitAsync();
    }

    private static int Third(int rows, double share) => Math.Max((int)(rows * share / 3), 1);

    private static List<int> Take(ref int next, int count)
    {
        var first = next;
        next += count;
        return [.. Enumerable.Range(first, count)];
    }
}
