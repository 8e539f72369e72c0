using PgTrickle.Postgres.Tests.Refresh;
using PgTrickle.TestInfrastructure;

namespace PgTrickle.Postgres.Tests.Traps;

/// <summary>Trap 37, and 5 where values that are equal look different: each type goes through capture and refresh without loss, as value, as group, and as join key.</summary>
public sealed class TypeTrapTests
{
    private const string Extensions = """
        CREATE EXTENSION IF NOT EXISTS hstore;
        CREATE EXTENSION IF NOT EXISTS citext;
        """;

    private const string Setup = """
        CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
        CREATE TYPE pair AS (a int, b text);
        CREATE DOMAIN positive AS numeric CHECK (VALUE > 0);
        CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        """;

    /// <summary>A type, three values as SQL, and whether it can be grouped and joined by.</summary>
    public static TheoryData<string, string, string, string, bool> Cases => new()
    {
        { "json", """'{"a": 1}'""", """'{"a":1}'""", "'null'", false },
        { "jsonb", """'{"a": 1.0}'""", """'{"a": 1.00}'""", "'null'", true },
        { "xml", "'<a/>'", "'<a></a>'", "'<b>x</b>'", false },
        { "point", "'(1,2)'", "'(1.0,2)'", "'(NaN,0)'", false },
        { "polygon", "'((0,0),(1,1),(1,0))'", "'((0,0),(1,1),(2,0))'", "'((5,5),(1,1),(1,0))'", false },
        { "int[]", "'{1,NULL,3}'", "'{}'", "'[2:3]={1,2}'", true },
        { "text[]", "'{\"a,b\",\"c\\\"d\"}'", "'{NULL}'", "'{}'", true },
        { "json[]", """ARRAY['{"a": 1}']::json[]""", """ARRAY['[]']::json[]""", "'{}'", false },
        { "pair", "ROW(1, 'x')", "ROW(NULL, NULL)", "ROW(1, 'X')", true },
        { "positive", "1.0", "1.00", "7", true },
        { "mood", "'ok'", "'happy'", "'sad'", true },
        { "int4range", "'[1,5)'", "'empty'", "'(,)'", true },
        { "nummultirange", "'{[1,2),[3,4)}'", "'{}'", "'{[1.0,2)}'", true },
        { "bit(5)", "B'10101'", "B'00000'", "B'11111'", true },
        { "varbit", "B'1'", "B''", "B'01'", true },
        { "inet", "'10.0.0.1/8'", "'10.0.0.1'", "'::1'", true },
        { "macaddr", "'08:00:2b:01:02:03'", "'00:00:00:00:00:00'", "'08:00:2b:01:02:04'", true },
        { "money", "12.34::money", "(-0.01)::numeric::money", "0::money", true },
        { "uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'00000000-0000-0000-0000-000000000000'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12'", true },
        { "bytea", "'\\x00ff'", "'\\x'", "'\\x00'", true },
        { "interval", "'1 mon'", "'30 days'", "'-1 year 3 days 04:05:06.789'", true },
        { "timetz", "'12:00:00+02'", "'10:00:00+00'", "'24:00:00-15:59'", true },
        { "timestamptz", "'2026-03-29 02:30:00 Europe/Berlin'", "'infinity'", "'0044-03-15 12:00:00+00 BC'", true },
        { "timestamp", "'2026-03-29 02:30:00.000001'", "'-infinity'", "'4714-11-24 00:00:00 BC'", true },
        { "date", "'2026-02-28'", "'infinity'", "'0001-01-01 BC'", true },
        { "numeric", "1.0", "1.00", "'NaN'", true },
        { "numeric(12,4)", "1.5", "'-0.0001'", "99999999.9999", true },
        { "float8", "0.1::float8 + 0.2", "'-0'", "'NaN'", true },
        { "float4", "0.1", "'-0'", "'-Infinity'", true },
        { "text", "'größe'", "''", "'GRÖSSE'", true },
        { "text COLLATE blind", "'Smith'", "'smith'", "'SMYTH'", true },
        { "citext", "'Smith'", "'smith'", "'smyth'", true },
        { "char(6)", "'ab'", "'ab  '", "''", true },
        { "varchar(3)", "'abc'", "'ab '", "'ab'", true },
        { "\"char\"", "'x'", "''", "'\\377'", true },
        { "oid", "4294967295", "0", "1", true },
        { "regclass", "'pg_class'", "'pg_type'", "'-'", true },
        { "bool", "true", "false", "true", true },
        { "tsvector", "'a fat cat'::tsvector", "''::tsvector", "to_tsvector('simple', 'fat fat')", true },
        { "hstore", "'a=>1'", "'a=>NULL'", "''", true },
        { "int8", "9223372036854775807", "-9223372036854775808", "0", true },
    };

    [PostgresMemberData(nameof(Cases))]
    [Theory]
    public async Task Values_go_through_unharmed_as_values_groups_and_keys(PostgresVersion version, string type, string x, string y, string z, bool hasEquality)
    {
        await using var harness = await RefreshHarness.CreateAsync(version);
        if (type is "hstore" or "citext")
        {
            await harness.Database.Database.Superuser.ExecuteAsync(Extensions);
        }

        await harness.ExecuteAsync($"""
            {Setup}
            CREATE TABLE keyed (id int PRIMARY KEY, v {type}, n int);
            CREATE TABLE loose (v {type}, n int);
            INSERT INTO keyed VALUES (1, {x}, 1), (2, {y}, 2), (3, NULL, 3), (4, {z}, 4);
            INSERT INTO loose VALUES ({x}, 1), ({x}, 1), (NULL, 2), (NULL, 2), ({z}, 3);
            """);
        await harness.CreateAsync("by_key", "SELECT id, v FROM keyed", "DIFFERENTIAL");
        await harness.CreateAsync("copies", "SELECT v, n FROM loose", "DIFFERENTIAL");
        await harness.CreateAsync("padded", "SELECT k.id, l.v, l.n FROM keyed k LEFT JOIN loose l ON l.n = k.n", "DIFFERENTIAL");
        if (hasEquality)
        {
            await harness.CreateAsync("grouped", "SELECT v, count(*) AS c, sum(n) AS s FROM loose GROUP BY v", "DIFFERENTIAL");
            await harness.CreateAsync("joined", "SELECT k.id, k.v AS kv, l.v AS lv FROM keyed k JOIN loose l ON l.v = k.v", "DIFFERENTIAL");
        }

        string[] steps =
        [
            $"INSERT INTO loose VALUES ({y}, 5), ({y}, 5), (NULL, 6); UPDATE keyed SET v = {y} WHERE id = 1; UPDATE keyed SET v = {x} WHERE id = 2",
            $"DELETE FROM loose WHERE ctid = (SELECT min(ctid) FROM loose WHERE n = 1); UPDATE loose SET v = {z} WHERE n = 5",
            $"UPDATE keyed SET v = NULL WHERE id IN (1, 4); INSERT INTO keyed VALUES (9, {z}, 2); DELETE FROM loose WHERE v IS NULL",
            $"UPDATE loose SET v = {x} WHERE n = 3; UPDATE loose SET v = {y} WHERE n = 1; DELETE FROM keyed WHERE id = 2",
        ];
        foreach (var step in steps)
        {
            await harness.ExecuteAsync(step);
            await harness.RefreshAndCompareAsync();
            foreach (var name in (string[])["by_key", "copies", "padded", .. hasEquality ? ["joined"] : Array.Empty<string>()])
            {
                await harness.CompareImagesAsync(name);
            }
        }

        Assert.Equal("DIFFERENTIAL", await harness.HistoryAsync<string>("copies", "action"));
    }

    [Theory, PostgresVersions]
    public async Task Settings_of_writer_and_refresher_do_not_show_in_values(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, """
            CREATE TABLE t (id int PRIMARY KEY, at timestamptz, d date, i interval, f float8, m money, b bytea);
            """);
        await harness.CreateAsync("plain", "SELECT id, at, d, i, f, m, b FROM t");
        await harness.CreateAsync("printed", "SELECT at::text AS a, d::text AS d, i::text AS i, f::text AS f, m::text AS m, b::text AS b FROM t");
        await using var writer = await harness.Database.User.OpenConnectionAsync();
        await writer.ExecuteAsync("SET TimeZone = 'Asia/Kathmandu'; SET DateStyle = 'SQL, DMY'; SET IntervalStyle = 'sql_standard'; SET extra_float_digits = -5; SET bytea_output = 'escape'");
        await writer.ExecuteAsync("INSERT INTO t VALUES (1, '03/04/2026 05:06:07.123456', '05/06/2026', '1-2 3 4:05:06', 0.1::float8 + 0.2, 12.5, '\\x00ff')");
        await harness.RefreshAndCompareAsync();
        await writer.ExecuteAsync("UPDATE t SET at = at + interval '1 microsecond', f = f * 3; INSERT INTO t SELECT 2, at, d, i, f, m, b FROM t");
        await harness.RefreshAndCompareAsync();
    }

    [Theory, PostgresVersions]
    public async Task An_enum_gains_a_value_and_another_name(PostgresVersion version)
    {
        await using var harness = await RefreshHarness.CreateAsync(version, """
            CREATE TYPE mood AS ENUM ('sad', 'ok');
            CREATE TABLE t (id int PRIMARY KEY, m mood NOT NULL);
            INSERT INTO t VALUES (1, 'sad'), (2, 'ok');
            """);
        await harness.CreateAsync("by_mood", "SELECT m, count(*) AS n, max(m) AS top FROM t GROUP BY m");
        await harness.CreateAsync("printed", "SELECT id, m::text AS m FROM t");
        await harness.ExecuteAsync("ALTER TYPE mood ADD VALUE 'happy'");
        await harness.ExecuteAsync("INSERT INTO t VALUES (3, 'happy')");
        await harness.RefreshAndCompareAsync();
        await harness.ExecuteAsync("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'; UPDATE t SET m = 'fine' WHERE id = 3");
        await harness.RefreshAsync("by_mood");
        await harness.CompareAsync("by_mood");
    }
}
