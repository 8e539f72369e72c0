namespace PgTrickle.Fuzzing.Generation;

/// <summary>Tables with everything that has gone wrong in systems of this kind: no keys, duplicates, NULLs, few values that meet often, types with odd equalities.</summary>
internal static class FuzzSchema
{
    public const string Name = "fuzz";

    /// <summary>Statements that make it, in order.</summary>
    public static readonly string[] Statements =
    [
        "CREATE SCHEMA fuzz",
        "CREATE TYPE fuzz.mood AS ENUM ('sad', 'ok', 'happy')",
        "CREATE DOMAIN fuzz.small AS int CHECK (VALUE BETWEEN -50 AND 50)",
        "CREATE COLLATION fuzz.folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
        "CREATE TABLE fuzz.a (id int PRIMARY KEY, g int, gone int, t text, n numeric, m numeric(8,2), f float8, ts timestamptz, d date, b bool NOT NULL DEFAULT false)",
        "ALTER TABLE fuzz.a DROP COLUMN gone",
        "CREATE TABLE fuzz.b (id int PRIMARY KEY, a_id int, k int NOT NULL, v text, c char(4), e fuzz.mood, iv interval, r int4range, s fuzz.small)",
        "CREATE INDEX ON fuzz.b (a_id)",
        "CREATE TABLE fuzz.c (k int, v text COLLATE \"C\", n numeric, j json, jb jsonb, arr int[])",
        "CREATE TABLE fuzz.e (src int NOT NULL, dst int NOT NULL, w int)",
        "CREATE TABLE fuzz.h (x int, y text, q numeric(8,2) NOT NULL, z int, PRIMARY KEY (x, y))",
        "CREATE TABLE fuzz.\"Odd Table\" (\"select\" int, \"Mixed Case\" text, fo text COLLATE fuzz.folded)",
        "CREATE VIEW fuzz.va AS SELECT a.id, a.g, b.v, b.k FROM fuzz.a LEFT JOIN fuzz.b ON b.a_id = a.id WHERE b.k IS NULL OR b.k > 1",
        "CREATE VIEW fuzz.vb AS SELECT va.g, count(*)::int AS cnt, sum(va.k)::int AS total FROM fuzz.va GROUP BY va.g",
    ];

    /// <summary>Tables that are captured.</summary>
    public static readonly string[] Tables = ["a", "b", "c", "e", "h", "\"Odd Table\""];

    /// <summary>Columns of everything that may stand in FROM, named without a qualifier.</summary>
    public static readonly Dictionary<string, Value[]> Relations = new()
    {
        ["fuzz.a"] =
        [
            new("id", Kind.Int), new("g", Kind.Int), new("t", Kind.Text), new("n", Kind.Number), new("m", Kind.Money), new("f", Kind.Float), new("ts", Kind.Time),
            new("d", Kind.Day), new("b", Kind.Bool),
        ],
        ["fuzz.b"] =
        [
            new("id", Kind.Int), new("a_id", Kind.Int), new("k", Kind.Int), new("v", Kind.Text), new("c", Kind.Code), new("e", Kind.Mood), new("iv", Kind.Span),
            new("r", Kind.Range), new("s", Kind.Int),
        ],
        ["fuzz.c"] =
        [
            new("k", Kind.Int), new("v", Kind.Text), new("n", Kind.Number), new("j", Kind.RawJson), new("jb", Kind.Json), new("arr", Kind.Array),
        ],
        ["fuzz.e"] = [new("src", Kind.Int), new("dst", Kind.Int), new("w", Kind.Int)],
        ["fuzz.h"] = [new("x", Kind.Int), new("y", Kind.Text), new("q", Kind.Money), new("z", Kind.Int)],
        ["fuzz.\"Odd Table\""] = [new("\"select\"", Kind.Int), new("\"Mixed Case\"", Kind.Text), new("fo", Kind.Folded)],
        ["fuzz.va"] = [new("id", Kind.Int), new("g", Kind.Int), new("v", Kind.Text), new("k", Kind.Int)],
        ["fuzz.vb"] = [new("g", Kind.Int), new("cnt", Kind.Int), new("total", Kind.Int)],
    };
}
