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
    /// <summary>Reads everything in the caller's transaction, which has to be REPEATABLE READ to be of one snapshot.</summary>
    /// <exception cref="RefreshFailedException">The stream table, a relation or a function that it uses is gone.</exception>
    public static async Task<CompilationInput> LoadAsync(NpgsqlConnection control, long pgtId, CancellationToken cancellation)
    {
        var definition = await ReadDefinitionAsync(control, pgtId, cancellation);
        var relations = await ReadAsync(control, CatalogQueries.Relations, definition.RelationOids, ReadRelation, cancellation);
        var columns = await ReadAsync(control, CatalogQueries.Columns, definition.RelationOids, ReadColumn, cancellation);
        var keys = await ReadAsync(
            control, CatalogQueries.Keys, definition.RelationOids, row => (Relation: row.GetInt64(0), Names: row.GetFieldValue<string[]>(1)), cancellation);
        long[] functionOids = [.. definition.FunctionOids.Concat(relations.SelectMany(relation => relation.FunctionOids)).Distinct()];
        var functions = (await ReadAsync(control, CatalogQueries.Functions, functionOids, ReadFunction, cancellation)).ToDictionary(function => function.Oid);
        long[] typeOids = [.. columns.Select(column => column.TypeOid).Concat(definition.Columns.Select(column => column.TypeOid)).Distinct()];
        var types = (await ReadAsync(control, CatalogQueries.Types, typeOids, ReadType, cancellation)).ToDictionary(type => (long)type.Oid);

        RequireAll(definition, relations.Count, functions.Count, functionOids.Length);
        var columnsOf = columns.ToLookup(column => column.Relation);
        var keysOf = keys.ToLookup(key => key.Relation, key => key.Names.Select(name => new SqlIdentifier(name)).ToSyntaxList());
        var infos = relations.Select(relation => new RelationInfo(
            (uint)relation.Oid, relation.Name, relation.Kind, columnsOf[relation.Oid].Select(column => column.ToInfo(types)).ToSyntaxList())
        {
            IsStreamTable = relation.IsStreamTable,
            UniqueKeys = keysOf[relation.Oid].ToSyntaxList(),
            ViewQuery = relation.ViewText is { } text ? CanonicalSql.ParseQuery(text) : null,
            ViewFunctions = relation.FunctionOids.Select(oid => functions[(uint)oid]).ToSyntaxList(),
        });
        var analysis = new QueryAnalysis(
            definition.Query,
            CanonicalSql.ParseQuery(definition.Query),
            definition.Columns.Select(column => new OutputColumn(column.Name, Typed(types, column.TypeOid, column.Modifier, column.IsDeterministic))).ToSyntaxList(),
            definition.FunctionOids.Select(oid => functions[(uint)oid]).ToSyntaxList());
        return new(pgtId, definition.Version, definition.Table, definition.NodePrefix, analysis, new CatalogSnapshot(infos), definition.Options);
    }

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

    private static async Task<Definition> ReadDefinitionAsync(NpgsqlConnection control, long pgtId, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(CatalogQueries.Definition, control) { Parameters = { new() { Value = pgtId } } };
        await using var row = await command.ExecuteReaderAsync(cancellation);
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

    private static async Task<List<T>> ReadAsync<T>(
        NpgsqlConnection control, string sql, long[] oids, Func<NpgsqlDataReader, T> read, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, control) { Parameters = { new() { Value = oids } } };
        await using var row = await command.ExecuteReaderAsync(cancellation);
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
        row.GetFieldValue<long[]>(6));

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
        long PgtId, long Version, QualifiedName Table, string Query, CompileOptions Options, long[] RelationOids, long[] FunctionOids, QualifiedName NodePrefix,
        DefinedColumn[] Columns);

    private sealed record DefinedColumn(SqlIdentifier Name, long TypeOid, int Modifier, bool IsDeterministic);

    private sealed record LoadedRelation(long Oid, QualifiedName Name, RelationKind Kind, bool IsStreamTable, string? ViewText, long[] FunctionOids);

    private sealed record LoadedColumn(long Relation, short Number, SqlIdentifier Name, long TypeOid, int Modifier, bool IsDeterministic, bool NotNull)
    {
        public ColumnInfo ToInfo(Dictionary<long, TypeInfo> types) => new(Number, Name, Typed(types, TypeOid, Modifier, IsDeterministic), NotNull);
    }
}
