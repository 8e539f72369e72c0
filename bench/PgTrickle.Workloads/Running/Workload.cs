using Npgsql;

namespace PgTrickle.Workloads.Running;

/// <summary>A query that becomes a stream table.</summary>
/// <param name="Name">Its usual name; also the stream table's.</param>
/// <param name="Text">SELECT without semicolon.</param>
public sealed record WorkloadQuery(string Name, string Text);

/// <summary>Tables, the data in them, changes to it and the queries: everything that a benchmark of stream tables needs, the same from the same seed.</summary>
public abstract class Workload
{
    /// <summary>As on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>The queries in their usual order.</summary>
    public abstract IReadOnlyList<WorkloadQuery> Queries { get; }

    /// <summary>Creates the tables and whatever the queries need, fills them, and makes keys and indexes.</summary>
    public abstract Task LoadAsync(NpgsqlDataSource database);

    /// <summary>Inserts, updates and deletes rows of all tables, in several transactions.</summary>
    /// <param name="database">Where.</param>
    /// <param name="round">Counted from 0; each round is another one.</param>
    /// <param name="share">Changed rows of the large tables as a part of their rows, between 0 and 1; a third each are inserted, updated and deleted.</param>
    public abstract Task ChangeAsync(NpgsqlDataSource database, int round, double share);

    /// <summary>A text that is embedded beside the class.</summary>
    protected string Resource(string file)
    {
        var type = GetType();
        using var stream = type.Assembly.GetManifestResourceStream($"{type.Namespace}.{file}")
            ?? throw new InvalidOperationException($"{file} is not embedded.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Embedded queries, by the names of their files.</summary>
    protected IReadOnlyList<WorkloadQuery> ResourceQueries(IEnumerable<string> names)
        => [.. names.Select(name => new WorkloadQuery(name, Resource($"Queries.{name}.sql").Trim().TrimEnd(';')))];
}
