using Npgsql;
using PgTrickle.Dvm;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Postgres.Ports;
using PgTrickle.Sql;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Postgres.Compilation;

/// <summary>Reads what the compiler needs to know of a stream table, over the control connection.</summary>
internal static class CatalogLoader
{
    /// <summary>Reads everything in one batch, in the caller's transaction, which has to be REPEATABLE READ to be of one snapshot.</summary>
    /// <param name="control">In that transaction.</param>
    /// <param name="pgtId">The stream table.</param>
    /// <param name="isKept">Whether the session keeps the plans of the queries, which cost more to plan than to run.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="RefreshFailedException">The stream table, a relation or a function that it uses is gone.</exception>
    public static async Task<CompilationInput> LoadAsync(NpgsqlConnection control, long pgtId, bool isKept, CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(control);
        foreach (var query in (ReadOnlySpan<string>)[
            CatalogQueries.Definition, CatalogQueries.Relations, CatalogQueries.Columns, CatalogQueries.Keys, CatalogQueries.Functions, CatalogQueries.Types])
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(query) { Parameters = { new() { Value = pgtId } } });
        }

        if (isKept)
        {
            await batch.PrepareAsync(cancellation);
        }

        await using var rows = await batch.ExecuteReaderAsync(cancellation);
        var definition = await ReadDefinitionAsync(rows, pgtId, cancellation);
        var relations = await ReadNextAsync(rows, ReadRelation, cancellation);
        var columns = await ReadNextAsync(rows, ReadColumn, cancellation);
        var keys = await ReadNextAsync(rows, static row => (Relation: row.GetInt64(0), Names: row.GetFieldValue<string[]>(1)), cancellation);
        var functions = (await ReadNextAsync(rows, ReadFunction, cancellation)).ToDictionary(function => function.Oid);
        var types = (await ReadNextAsync(rows, ReadType, cancellation)).ToDictionary(type => (long)type.Oid);
        return ToInput(definition, relations, columns, keys.ToLookup(key => key.Relation, key => key.Names), functions, types);
    }

    private static CompilationInput ToInput(
        Definition definition, List<LoadedRelation> relations, List<LoadedColumn> columns, ILookup<long, string[]> keys,
        Dictionary<uint, FunctionInfo> functions, Dictionary<long, TypeInfo> types)
    {
        RequireAll(definition, relations.Count, functions.Count, definition.FunctionOids.Concat(relations.SelectMany(relation => relation.FunctionOids)).Distinct().Count());
        var columnsOf = columns.ToLookup(column => column.Relation);
        var infos = relations.Select(relation => OfAllRows(relation, new RelationInfo(
            (uint)relation.Oid, relation.Name, relation.Kind, columnsOf[relation.Oid].Select(column => column.ToInfo(types)).ToSyntaxList())
        {
            IsStreamTable = relation.IsStreamTable,
            UniqueKeys = keys[relation.Oid].Select(key => key.Select(name => new SqlIdentifier(name)).ToSyntaxList()).ToSyntaxList(),
            ViewQuery = relation.ViewText is { } text ? CanonicalSql.ParseQuery(text) : null,
            ViewFunctions = relation.FunctionOids.Select(oid => functions[(uint)oid]).ToSyntaxList(),
        }));
        var analysis = new QueryAnalysis(
            definition.Query,
            CanonicalSql.ParseQuery(definition.Query),
            definition.Columns.Select(column => new OutputColumn(column.Name, Typed(types, column.TypeOid, column.Modifier, column.IsDeterministic))).ToSyntaxList(),
            definition.FunctionOids.Select(oid => functions[(uint)oid]).ToSyntaxList());
        return new(definition.PgtId, definition.Version, definition.Table, definition.RunName, analysis, new CatalogSnapshot(infos), definition.Options);
    }

    /// <summary>What a table's constraints say is about its own rows. Partitions have the same, tables that inherit need not.</summary>
    private static RelationInfo OfAllRows(LoadedRelation relation, RelationInfo own) => !relation.HasChildren ? own : own with
    {
        Columns = own.Columns.Select(column => column with { NotNull = false }).ToSyntaxList(),
        UniqueKeys = [],
        Alone = own with { IsAlone = true },
    };

    private static void RequireAll(Definition definition, int relations, int functions, int functionsWanted)
    {
        if (relations < definition.RelationOids.Length || functions < functionsWanted)
        {
            throw new RefreshFailedException(
                definition.PgtId, FailureKind.Permanent, relations < definition.RelationOids.Length ? PostgresErrorCodes.UndefinedTable : PostgresErrorCodes.UndefinedFunction,
                $"a {(relations < definition.RelationOids.Length ? "table or view" : "function")} that stream table {definition.Table} uses does not exist any more",
                hint: "Create the stream table again, or drop it.");
        }
    }

    private static TypeInfo Typed(Dictionary<long, TypeInfo> types, long oid, int modifier, bool isDeterministic) => types[oid] with
    {
        // A domain brings its own modifier.
        Modifier = modifier >= 0 ? modifier : types[oid].Modifier,
        CollationIsDeterministic = isDeterministic,
    };

    private static async Task<Definition> ReadDefinitionAsync(NpgsqlDataReader row, long pgtId, CancellationToken cancellation)
    {
        if (!await row.ReadAsync(cancellation))
        {
            throw new RefreshFailedException(pgtId, FailureKind.Permanent, PostgresErrorCodes.UndefinedTable, $"stream table {pgtId} does not exist");
        }

        var names = row.GetFieldValue<string[]>(9);
        var typeOids = row.GetFieldValue<long[]>(10);
        var modifiers = row.GetFieldValue<int[]>(11);
        var deterministic = row.GetFieldValue<bool[]>(12);
        return new(
            pgtId,
            row.GetInt64(0),
            new QualifiedName(new SqlIdentifier(row.GetString(1)), new SqlIdentifier(row.GetString(2))),
            row.GetString(3),
            new CompileOptions
            {
                Mode = row.GetString(4) switch
                {
                    "DIFFERENTIAL" => RequestedMode.Differential,
                    "FULL" => RequestedMode.Full,
                    _ => RequestedMode.Auto,
                },
                AllowVolatile = row.GetString(5) == "allow",
                MaxDepth = row.GetInt32(6),
                MaxGroupingSets = row.GetInt32(13),
            },
            row.GetFieldValue<long[]>(7),
            row.GetFieldValue<long[]>(8),
            new QualifiedName(new SqlIdentifier("pgtrickle_run"), new SqlIdentifier(row.GetString(14))),
            [.. names.Select((name, place) => new DefinedColumn(new SqlIdentifier(name), typeOids[place], modifiers[place], deterministic[place]))]);
    }

    private static async Task<List<T>> ReadNextAsync<T>(NpgsqlDataReader row, Func<NpgsqlDataReader, T> read, CancellationToken cancellation)
    {
        await row.NextResultAsync(cancellation);
        var result = new List<T>();
        while (await row.ReadAsync(cancellation))
        {
            result.Add(read(row));
        }

        return result;
    }

    private static LoadedRelation ReadRelation(NpgsqlDataReader row) => new(
        row.GetInt64(0),
        new QualifiedName(new SqlIdentifier(row.GetString(1)), new SqlIdentifier(row.GetString(2))),
        row.GetString(3) switch
        {
            "r" => RelationKind.Table,
            "p" => RelationKind.Partitioned,
            "v" => RelationKind.View,
            "m" => RelationKind.MaterializedView,
            _ => RelationKind.Foreign,
        },
        row.GetBoolean(4),
        row.IsDBNull(5) ? null : row.GetString(5),
        row.GetFieldValue<long[]>(6),
        row.GetBoolean(7));

    private static LoadedColumn ReadColumn(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetInt16(1), new SqlIdentifier(row.GetString(2)), row.GetInt64(3), row.GetInt32(4), row.GetBoolean(5), row.GetBoolean(6));

    private static FunctionInfo ReadFunction(NpgsqlDataReader row) => new(
        (uint)row.GetInt64(0),
        new QualifiedName(new SqlIdentifier(row.GetString(1)), new SqlIdentifier(row.GetString(2))),
        (row.GetString(3), row.GetString(4)) switch
        {
            ("a", "n") => FunctionKind.Aggregate,
            ("a", _) => FunctionKind.OrderedSetAggregate,
            ("w", _) => FunctionKind.Window,
            _ => FunctionKind.Function,
        },
        row.GetString(5) switch
        {
            "i" => Volatility.Immutable,
            "s" => Volatility.Stable,
            _ => Volatility.Volatile,
        })
    {
        IsStrict = row.GetBoolean(6),
        ReturnsSet = row.GetBoolean(7),
        ReturnsRecord = row.GetBoolean(8),
    };

    private static TypeInfo ReadType(NpgsqlDataReader row) => new(
        (uint)row.GetInt64(0), new QualifiedName(new SqlIdentifier(row.GetString(1)), new SqlIdentifier(row.GetString(2))))
    {
        BaseOid = (uint)row.GetInt64(3),
        Modifier = row.GetInt32(4),
        Kind = row.GetString(5)[0],
        HasEquality = row.GetBoolean(6) || row.GetBoolean(7),
        IsOrdered = row.GetBoolean(6),
        IsHashable = row.GetBoolean(7),
        EqualityOperator = row.IsDBNull(8) || row.GetFieldValue<string[]>(8) is not [var schema, var symbol] ? null : new OperatorName(new SqlIdentifier(schema), symbol),
    };

    private sealed record Definition(
        long PgtId, long Version, QualifiedName Table, string Query, CompileOptions Options, long[] RelationOids, long[] FunctionOids, QualifiedName RunName,
        DefinedColumn[] Columns);

    private sealed record DefinedColumn(SqlIdentifier Name, long TypeOid, int Modifier, bool IsDeterministic);

    private sealed record LoadedRelation(long Oid, QualifiedName Name, RelationKind Kind, bool IsStreamTable, string? ViewText, long[] FunctionOids, bool HasChildren);

    private sealed record LoadedColumn(long Relation, short Number, SqlIdentifier Name, long TypeOid, int Modifier, bool IsDeterministic, bool NotNull)
    {
        public ColumnInfo ToInfo(Dictionary<long, TypeInfo> types) => new(Number, Name, Typed(types, TypeOid, Modifier, IsDeterministic), NotNull);
    }
}
