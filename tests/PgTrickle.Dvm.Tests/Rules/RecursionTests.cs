using PgTrickle.Dvm.Tests.Oracle;
using PgTrickle.TestInfrastructure;
using Xunit.Abstractions;

namespace PgTrickle.Dvm.Tests.Rules;

/// <summary>WITH RECURSIVE on real servers under random changes (trap 25). The data has cycles: queries with UNION ALL bound their depth or mark cycles.</summary>
public sealed class RecursionTests(ITestOutputHelper output)
{
    public static TheoryData<string> Queries => new()
    {
        "WITH RECURSIVE r(id) AS (SELECT id FROM products WHERE parent IS NULL UNION SELECT p.id FROM r JOIN products p ON p.parent = r.id) SELECT id FROM r",
        "WITH RECURSIVE r(id, depth) AS (SELECT id, 0 FROM products UNION ALL SELECT p.id, r.depth + 1 FROM r JOIN products p ON p.parent = r.id WHERE r.depth < 3) SELECT id, depth FROM r WHERE depth > 0",

        // Paths that change with a name on the way; two tables at once.
        "WITH RECURSIVE r(id, path) AS (SELECT id, category FROM products WHERE parent IS NULL UNION ALL SELECT p.id, r.path || '/' || p.category FROM r JOIN products p ON p.parent = r.id WHERE length(r.path) < 14) SELECT id, path FROM r",
        "WITH RECURSIVE r(id) AS (SELECT id FROM customers WHERE tier = 'a' UNION SELECT o.product_id FROM r JOIN orders o ON o.customer_id = r.id) SELECT r.id, p.category FROM r LEFT JOIN products p ON p.id = r.id",

        // Linear steps: over joins, outer joins and conditions on sub-selects, with duplicates, over a start of several queries, of which more is asked above.
        "WITH RECURSIVE r(id, depth, rest) AS (SELECT id, 0, price FROM products WHERE id < 5 UNION ALL SELECT k, 1, n FROM log UNION ALL SELECT p.id, r.depth + 1, coalesce(l.n, 0.5) FROM r JOIN products p ON p.parent = r.id LEFT JOIN log l ON l.k = p.id WHERE r.depth < 3 AND NOT EXISTS (SELECT FROM regions z WHERE z.zone = r.id)) SELECT id, count(*) AS n, max(rest) AS m FROM r GROUP BY id",
        "WITH RECURSIVE r(id, way) AS (SELECT id, ARRAY[id] FROM products WHERE parent IS NULL UNION ALL SELECT p.id, r.way || p.id FROM products p JOIN r ON p.parent = r.id AND p.id <> ALL (r.way)) SELECT * FROM r",

        // SEARCH and CYCLE, and their columns.
        "WITH RECURSIVE r(id, parent) AS (SELECT id, parent FROM products UNION ALL SELECT p.id, p.parent FROM r JOIN products p ON p.parent = r.id) CYCLE id SET looped USING way SELECT id, parent, looped FROM r",
        "WITH RECURSIVE r(id, parent) AS (SELECT id, parent FROM products WHERE id < 5 UNION ALL SELECT p.id, p.parent FROM r JOIN products p ON p.id = r.parent) SEARCH BREADTH FIRST BY id SET place CYCLE id SET looped TO 'y' DEFAULT 'n' USING way SELECT id, parent, looped FROM r WHERE looped = 'n'",
        "WITH RECURSIVE r(id, parent) AS (SELECT id, parent FROM products WHERE id < 4 UNION ALL SELECT p.id, p.parent FROM r JOIN products p ON p.parent = r.id) CYCLE id, parent SET looped USING way SELECT id, cardinality(way) AS n, way::text AS way, to_json(way)::text AS fields FROM r",
        "WITH RECURSIVE r(id, parent) AS (SELECT id, parent FROM products WHERE id < 4 UNION ALL SELECT p.id, p.parent FROM r JOIN products p ON p.parent = r.id) SEARCH DEPTH FIRST BY parent, id SET place CYCLE id SET looped USING way SELECT id, looped, row_number() OVER (ORDER BY place, id) AS n FROM r",
        "WITH RECURSIVE r(id, category) AS (SELECT id, category FROM products WHERE parent IS NULL UNION SELECT p.id, p.category FROM products p, r WHERE p.parent = r.id AND p.id > 3) SEARCH BREADTH FIRST BY category, id SET place SELECT id, place::text AS place, to_json(place)::text AS fields FROM r",
        "WITH RECURSIVE r(id, price) AS (SELECT id, price FROM products WHERE id < 4 UNION ALL SELECT q.id, q.price FROM r x(a, b) JOIN products q ON q.parent = x.a AND NOT x.looped) SEARCH DEPTH FIRST BY price SET place CYCLE id SET looped USING way SELECT c.name, y.i, y.place::text = y.way::text AS same FROM customers c JOIN r y(i) ON y.i = c.id ORDER BY y.place",

        // Groups, first rows and windows inside, of tables and of each row by itself; DISTINCT where UNION makes it needless; and steps that ask about the rows of a round.
        "WITH RECURSIVE r(id, n) AS (SELECT customer_id, count(*) FROM orders GROUP BY customer_id UNION ALL SELECT p.id, x.n FROM r JOIN products p ON p.parent = r.id JOIN (SELECT product_id, count(*) AS n FROM orders GROUP BY product_id) x ON x.product_id = p.id WHERE p.id > r.id) SELECT id, n FROM r",
        "WITH RECURSIVE r(id) AS (SELECT id FROM products WHERE parent IS NULL UNION SELECT DISTINCT p.id FROM r JOIN products p ON p.parent = r.id CROSS JOIN LATERAL (SELECT max(o.id) AS o FROM orders o WHERE o.product_id = r.id) x WHERE x.o > 3) SELECT id FROM r",
        "WITH RECURSIVE r(id, depth) AS (SELECT id, 0 FROM (SELECT id FROM products ORDER BY id LIMIT 3) f UNION ALL SELECT x.id, r.depth + 1 FROM r JOIN (SELECT id, parent, row_number() OVER (PARTITION BY parent ORDER BY id) AS n FROM products) x ON x.parent = r.id AND x.n < 3 WHERE r.depth < 3) SELECT id, depth FROM r",
        "WITH RECURSIVE r(id, n) AS (SELECT id, 1::bigint FROM products WHERE id < 4 UNION ALL SELECT p.id, row_number() OVER (ORDER BY r.id, p.id) FROM r JOIN products p ON p.parent = r.id WHERE r.n < 3 AND p.id > r.id) SELECT id, n FROM r",

        // A step that reads the recursive table twice, by way of a WITH query: rows of a round are paired with each other, and with no others.
        "WITH RECURSIVE r(id) AS (SELECT id FROM products WHERE id < 5 UNION (WITH w AS (SELECT id FROM r) SELECT p.id FROM w JOIN w x ON x.id > w.id JOIN products p ON p.parent = x.id)) SELECT id FROM r",

        // Below joins, aggregates and slices; referred to twice; over WITH queries, views of FROM, and beside plain ones of the same clause.
        "WITH RECURSIVE r(id, root) AS (SELECT id, id FROM products UNION SELECT p.id, r.root FROM r JOIN products p ON p.parent = r.id) SELECT r.root, count(*) AS n, max(r.id) AS m FROM r GROUP BY r.root",
        "WITH RECURSIVE r(id, root) AS (SELECT id, id FROM products UNION SELECT p.id, r.root FROM r JOIN products p ON p.parent = r.id) SELECT a.root, b.id FROM r a JOIN r b ON b.root = a.id WHERE a.id <> a.root",
        "WITH RECURSIVE good AS (SELECT id, parent FROM products WHERE price IS NOT NULL), r(id) AS (SELECT id FROM good WHERE parent IS NULL UNION SELECT g.id FROM r JOIN good g ON g.parent = r.id), named AS (SELECT r.id, p.category FROM r JOIN products p USING (id)) SELECT c.name, n.category FROM customers c JOIN named n ON n.id = c.id",

        // Which of rows that are equal without being identical it keeps, is open: what is stored tells.
        "WITH RECURSIVE r(n) AS (SELECT price FROM products UNION SELECT r.n + 1 FROM r WHERE r.n < 5) SELECT c.id FROM customers c JOIN r ON r.n = c.id",

        // Its columns have the names that the statements use, and sub-selects refer to them.
        "WITH RECURSIVE r(c1, c2) AS (SELECT id, parent FROM products UNION SELECT p.id, r.c2 FROM r JOIN products p ON p.parent = r.c1) SELECT x.c1, (SELECT min(CASE WHEN y.id <> x.c1 THEN y.id ELSE x.c2 END) FROM products y WHERE y.parent < x.c2) AS least FROM r x",
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 6) SELECT n.i, count(o.id) AS orders FROM n LEFT JOIN orders o ON o.qty = n.i GROUP BY n.i",
    };

    [PostgresMemberData(nameof(Queries))]
    [Theory]
    public Task Trap_25_recursive_queries_follow_their_sources(PostgresVersion version, string query) => RuleCheck.RunAsync(version, query, output);

    /// <summary>A way that is lost while another stays; a cycle that nothing reaches any more; both ends of an edge at once.</summary>
    [PostgresVersions]
    [Theory]
    public async Task Trap_25_what_is_reached_by_another_way_stays(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            CREATE TABLE start (node int); CREATE TABLE edge (f int, t int);
            INSERT INTO start VALUES (1);
            INSERT INTO edge VALUES (1, 2), (1, 3), (2, 4), (3, 4), (4, 5), (5, 4), (5, 6);
            """);
        const string Reached = "WITH RECURSIVE r(node) AS (SELECT node FROM start UNION SELECT e.t FROM r JOIN edge e ON e.f = r.node)";
        var table = await OracleTable.CreateAsync(connection, "st", $"{Reached} SELECT node FROM r");
        var nested = await OracleTable.CreateAsync(connection, "below", $"{Reached} SELECT e.f, e.t FROM edge e JOIN r ON r.node = e.f");
        Assert.Contains("Recursion", nested.Plan.Explain(ExplainStage.Plan), StringComparison.Ordinal);
        await RefreshAsync("DELETE FROM edge WHERE f = 2", "0,0");
        await RefreshAsync("DELETE FROM edge WHERE f = 3", "0,3");
        await RefreshAsync("INSERT INTO edge VALUES (2, 5); UPDATE start SET node = 3", "0,2");
        await RefreshAsync("INSERT INTO start VALUES (2); INSERT INTO edge VALUES (6, 1)", "5,0");

        async Task RefreshAsync(string changes, string counts)
        {
            await connection.ExecuteAsync(changes);
            await table.RefreshAsync();
            await nested.RefreshAsync();
            Assert.Equal(counts, table.LastCounts);
        }
    }

    /// <summary>
    /// Random edges among few nodes, so that most rounds cut cycles off, open other ways to what lost one, and change both terms at once; with NULLs, edges that are there twice, ways by two tables of which
    /// both change, and columns in which rows that follow from different rows look the same.
    /// </summary>
    [PostgresVersions]
    [Theory]
    public async Task Trap_25_random_graphs_are_followed_by_deleting_and_rederiving(PostgresVersion version)
    {
        var random = new Random(25);
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync("CREATE TABLE start (node int, kind text); CREATE TABLE edge (f int, t int, w int); CREATE TABLE road (t int, u int NOT NULL)");
        string[] queries =
        [
            "WITH RECURSIVE r(node) AS (SELECT node FROM start UNION SELECT e.t FROM r JOIN edge e ON e.f = r.node) SELECT node FROM r",
            "WITH RECURSIVE r(kind, node) AS (SELECT kind, node FROM start UNION SELECT r.kind, e.t FROM r JOIN edge e ON e.f = r.node WHERE e.w > 1) SELECT node, kind FROM r",
            "WITH RECURSIVE r(node) AS (SELECT u FROM road WHERE t = 1 UNION SELECT d.u FROM edge e, r, road d WHERE e.f = r.node AND d.t = e.t) SELECT node FROM r WHERE node > 2",
            "WITH RECURSIVE r(a, b) AS (SELECT f, t FROM edge UNION SELECT r.a, coalesce(d.u, r.a) FROM r LEFT JOIN road d ON d.t = r.b WHERE NOT EXISTS (SELECT FROM start s WHERE s.node = r.b)) SELECT a, count(*) AS n FROM r GROUP BY a",
        ];
        List<OracleTable> tables = [];
        foreach (var query in queries)
        {
            tables.Add(await OracleTable.CreateAsync(connection, $"st{tables.Count + 1}", query));
            Assert.Contains("rederive", tables[^1].Plan.Explain(ExplainStage.Plan), StringComparison.Ordinal);
        }

        for (var round = 1; round <= 40; round++)
        {
            string Node() => random.Next(14) is var n && n < 12 ? $"{n}" : "NULL";
            for (var changes = random.Next(1, 6); changes > 0; changes--)
            {
                await connection.ExecuteAsync(random.Next(9) switch
                {
                    0 => $"INSERT INTO start VALUES ({Node()}, 'k{random.Next(2)}')",
                    1 => $"DELETE FROM start WHERE ctid = (SELECT min(ctid) FROM start WHERE node % 3 = {random.Next(3)})",
                    2 => $"UPDATE start SET node = node + 1 WHERE node = {random.Next(12)}",
                    3 or 4 => $"INSERT INTO edge VALUES ({Node()}, {Node()}, {random.Next(4)}), ({Node()}, {Node()}, {random.Next(4)})",
                    5 => $"DELETE FROM edge WHERE f = {random.Next(12)}",
                    6 => $"UPDATE edge SET {(random.Next(2) == 0 ? "f = t, t = f" : "w = 3 - w")} WHERE t = {random.Next(12)}",
                    7 => $"INSERT INTO road VALUES ({Node()}, {random.Next(12)}), ({Node()}, {random.Next(12)})",
                    _ => $"DELETE FROM road WHERE u = {random.Next(12)}",
                });
            }

            foreach (var table in tables)
            {
                await table.RefreshAsync();
                Assert.NotEqual("Full", table.LastAction);
            }
        }
    }

    /// <summary>Few nodes, so that most rounds close cycles and open them, which CYCLE ends by the way: over columns that may be NULL, several columns, and values that are equal without being identical.</summary>
    [PostgresVersions]
    [Theory]
    public async Task Trap_25_ways_that_end_in_cycles_are_followed(PostgresVersion version)
    {
        var random = new Random(14);
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync("CREATE TABLE edge (f int, t int, w numeric); INSERT INTO edge VALUES (1, 2, 1), (2, 1, 1.0), (2, 3, 2), (3, 2, 2)");
        string[] queries =
        [
            "WITH RECURSIVE r(node) AS (SELECT f FROM edge WHERE w = 1 UNION ALL SELECT e.t FROM r JOIN edge e ON e.f = r.node) CYCLE node SET looped USING way SELECT node, looped FROM r",
            "WITH RECURSIVE r(f, t, w) AS (SELECT f, t, w FROM edge WHERE f = 1 UNION ALL SELECT e.f, e.t, e.w FROM r, edge e WHERE e.f = r.t AND r.looped <> 'y') CYCLE t, w SET looped TO 'y' DEFAULT 'n' USING way SELECT f, looped, way::text AS way FROM r",
            "WITH RECURSIVE r(f, w) AS (SELECT f, w FROM edge WHERE t = 1 UNION ALL SELECT e.t, e.w FROM edge e JOIN r ON e.f IS NOT DISTINCT FROM r.f) SEARCH DEPTH FIRST BY w, f SET place CYCLE f SET looped USING way SELECT f, row_number() OVER (PARTITION BY looped ORDER BY place, w::text) AS n FROM r",
            "WITH RECURSIVE r(node) AS (SELECT f FROM edge WHERE w = 1 UNION ALL SELECT e.t FROM r JOIN edge e ON e.f = r.node) SEARCH BREADTH FIRST BY node SET place CYCLE node SET looped USING way SELECT (place::text) AS place, count(*) AS n FROM r WHERE NOT looped GROUP BY 1",
        ];
        List<OracleTable> tables = [];
        foreach (var query in queries)
        {
            tables.Add(await OracleTable.CreateAsync(connection, $"st{tables.Count + 1}", query));
            Assert.Contains("through the recursion", tables[^1].Plan.Explain(ExplainStage.Plan), StringComparison.Ordinal);
        }

        for (var round = 1; round <= 30; round++)
        {
            string Node() => random.Next(6) is var n && n < 5 ? $"{n}" : "NULL";
            string Weight() => random.Next(4) switch { 0 => "1", 1 => "1.0", 2 => "2", _ => "NULL" };
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                await connection.ExecuteAsync(random.Next(6) switch
                {
                    0 or 1 => $"INSERT INTO edge VALUES ({Node()}, {Node()}, {Weight()})",
                    2 => $"UPDATE edge SET t = {Node()} WHERE f = {random.Next(5)}",
                    3 => $"UPDATE edge SET w = {Weight()} WHERE t = {random.Next(5)}",
                    _ => $"DELETE FROM edge WHERE ctid IN (SELECT ctid FROM edge WHERE f IS NOT DISTINCT FROM {Node()} ORDER BY ctid LIMIT 2)",
                });
            }

            foreach (var table in tables)
            {
                await table.RefreshAsync();
                Assert.NotEqual("Full", table.LastAction);
            }
        }
    }

    /// <summary>Subtrees that move, go and come with their rows; what goes round in a cycle that nothing reaches any more is given up and evaluated.</summary>
    [PostgresVersions]
    [Theory]
    public async Task Trap_25_changes_are_followed_through_a_linear_recursion(PostgresVersion version)
    {
        await using var database = await TestDatabase.CreateAsync(version);
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            CREATE TABLE staff (id int PRIMARY KEY, boss int, name text NOT NULL);
            INSERT INTO staff VALUES (1, NULL, 'a'), (2, 1, 'b'), (3, 1, 'c'), (4, 2, 'd'), (5, 4, 'e'), (6, 3, 'f');
            """);
        var table = await OracleTable.CreateAsync(connection, "st", """
            WITH RECURSIVE r(id, depth, path) AS (
                SELECT id, 0, name FROM staff WHERE boss IS NULL
                UNION ALL SELECT s.id, r.depth + 1, r.path || '/' || s.name FROM staff s JOIN r ON s.boss = r.id)
            SELECT id, depth, path FROM r
            """);
        await RefreshAsync("UPDATE staff SET name = 'x' WHERE id = 4", "2,2", "Merge");
        await RefreshAsync("UPDATE staff SET boss = 3 WHERE id = 2; UPDATE staff SET boss = 2 WHERE id = 6; INSERT INTO staff VALUES (7, 5, 'g')", "5,4", "Merge");
        await RefreshAsync("DELETE FROM staff WHERE id = 4", "0,3", "Merge");
        await RefreshAsync("INSERT INTO staff VALUES (4, 1, 'h'); INSERT INTO staff VALUES (8, NULL, 'i'); UPDATE staff SET boss = 8 WHERE id = 1", "8,4", "Merge");
        await RefreshAsync("UPDATE staff SET boss = 6 WHERE id = 3", "0,3", "Full");

        async Task RefreshAsync(string changes, string counts, string action)
        {
            await connection.ExecuteAsync(changes);
            await table.RefreshAsync();
            Assert.Equal(action, table.LastAction);
            Assert.Equal(counts, table.LastCounts);
        }
    }
}
