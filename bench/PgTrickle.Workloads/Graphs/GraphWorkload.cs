using Npgsql;
using PgTrickle.TestInfrastructure;
using PgTrickle.Workloads.Generation;
using PgTrickle.Workloads.Running;

namespace PgTrickle.Workloads.Graphs;

/// <summary>
/// What WITH RECURSIVE is mostly written for: a company's tree, by UNION ALL and with CYCLE; parts made of parts, a graph without cycles in which most parts are used in several others, by UNION; and what is reached over links of which there are so many that nothing depends on
/// a single one, while the changed ones are those of the node from which everything is reached.
/// </summary>
public sealed class GraphWorkload : Workload
{
    private const int AtScaleOne = 100_000;
    private const int LargestTeam = 8;
    private const int PartsOfProduct = 20;
    private const int LinksOfNode = 10;

    private readonly int _seed;
    private readonly int _number;
    private int _next;

    /// <param name="seed">Another seed, other data.</param>
    /// <param name="scale">1 is 100,000 people and as many parts; at least 0.001.</param>
    public GraphWorkload(int seed, double scale)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(scale, 0.001);
        _seed = seed;
        _number = _next = (int)(AtScaleOne * scale);
        Queries = ResourceQueries(["ways", "heads", "loops", "used", "pieces", "reached"]);
    }

    public override string Name => "graph";

    public override IReadOnlyList<WorkloadQuery> Queries { get; }

    public override async Task LoadAsync(NpgsqlDataSource database)
    {
        await database.ExecuteAsync(Resource("schema.sql"));
        await Copy.RowsAsync(database, "staff", Enumerable.Range(1, _number).Select(Person));
        await Copy.RowsAsync(database, "part", Enumerable.Range(1, _number).Select(Part));
        await Copy.RowsAsync(database, "contains", Enumerable.Range(1, _number).SelectMany(Pieces));
        await Copy.RowsAsync(database, "link", Enumerable.Range(0, _number).Select(Link));
        await database.ExecuteAsync("VACUUM ANALYZE");
    }

    /// <summary>New people and parts; others leave, move to another team or are put together in another way, wherever they are in the tree or graph.</summary>
    public override async Task ChangeAsync(NpgsqlDataSource database, int round, double share)
    {
        await using var connection = await database.OpenConnectionAsync();
        var third = Math.Max((int)(_number * share / 3), 1);
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await Copy.RowsAsync(connection, "staff", Enumerable.Range(_next + 1, third).Select(Person));
            await Copy.RowsAsync(connection, "part", Enumerable.Range(_next + 1, third).Select(Part));
            await Copy.RowsAsync(connection, "contains", Enumerable.Range(_next + 1, third).SelectMany(Pieces));
            await connection.ExecuteAsync("UPDATE link SET target = target % $1 + 1 WHERE ctid IN (SELECT ctid FROM link WHERE node = 1 ORDER BY target LIMIT 2)", Nodes);
            _next += third;
            await transaction.CommitAsync();
        }

        foreach (var (place, change) in new[]
        {
            "DELETE FROM staff WHERE id", "UPDATE staff SET salary = salary + 100, boss = boss / 2 + 1 WHERE id", "UPDATE staff SET name = name || 'x' WHERE id",
            "DELETE FROM contains WHERE part", "UPDATE contains SET piece = piece + (part - piece) / 2 WHERE part", "UPDATE part SET is_product = NOT is_product WHERE id",
        }.Index())
        {
            // Of the later half: what stands on top of everything moves rarely.
            await connection.ExecuteAsync($"{change} IN (SELECT id FROM staff WHERE id > $2 ORDER BY hashint8extended(id, $1) LIMIT $3)", 8L * round + place, (long)(_number / 2), (long)third);
        }
    }

    private int Nodes => Math.Max(_number / LinksOfNode, 1);

    private string Link(int place)
    {
        var random = new RowRandom(_seed, 42, place);
        return $"{place % Nodes + 1}\t{random.Next(1, Nodes)}";
    }

    private string Person(int id)
    {
        var random = new RowRandom(_seed, 40, id);
        var boss = id == 1 ? @"\N" : $"{Math.Max((id - 1 + random.Next(0, LargestTeam)) / LargestTeam, 1)}";
        return $"{id}\t{boss}\tn{id}\t{random.Next(1_000, 9_000)}";
    }

    private static string Part(int id) => $"{id}\tpart {id}\t{(id % PartsOfProduct == 0 ? "t" : "f")}";

    /// <summary>A part is made of earlier ones; every third is a raw material.</summary>
    private IEnumerable<string> Pieces(int id)
    {
        var random = new RowRandom(_seed, 41, id);
        for (var piece = id % 3 == 0 ? 0 : random.Next(1, 3); piece > 0; piece--)
        {
            yield return $"{id}\t{random.Next(1, Math.Max(id - 1, 1))}\t{random.Next(1, 9)}";
        }
    }
}
