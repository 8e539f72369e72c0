namespace PgTrickle.Fuzzing.Generation;

/// <summary>A table whose changes are captured.</summary>
/// <param name="Table">Its name, quoted where it has to be.</param>
internal sealed record FuzzSource(string Table)
{
    /// <summary>Its partitions, which can be truncated by themselves.</summary>
    public IReadOnlyList<string> Partitions { get; init; } = [];

    /// <summary>Tables that inherit from it, at any level.</summary>
    public IReadOnlyList<string> Heirs { get; init; } = [];

    /// <summary>Whether it is read with ONLY.</summary>
    public bool IsAlone { get; init; }

    /// <summary>The name of what it is captured in, without schema.</summary>
    public string Buffer => BufferOf(Table.Trim('"'), IsAlone);

    public static string BufferOf(string name, bool isAlone) => $"buf_{name.Replace(' ', '_').ToLowerInvariant()}{(isAlone ? "_only" : "")}";
}

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
        "CREATE TYPE fuzz.pair AS (x int, y text)",
        "CREATE TABLE fuzz.a (id int PRIMARY KEY, g int, gone int, t text, n numeric, m numeric(8,2), f float8, ts timestamptz, d date, b bool NOT NULL DEFAULT false)",
        "ALTER TABLE fuzz.a DROP COLUMN gone",
        "CREATE TABLE fuzz.b (id int PRIMARY KEY, a_id int, k int NOT NULL, v text, c char(4), e fuzz.mood, iv interval, r int4range, s fuzz.small)",
        "CREATE INDEX ON fuzz.b (a_id)",
        "CREATE TABLE fuzz.c (k int, v text COLLATE \"C\", n numeric, j json, jb jsonb, arr int[])",
        "CREATE TABLE fuzz.e (src int NOT NULL, dst int NOT NULL, w int)",
        "CREATE TABLE fuzz.h (x int, y text, q numeric(8,2) NOT NULL, z int, PRIMARY KEY (x, y))",
        "CREATE TABLE fuzz.\"Odd Table\" (\"select\" int, \"Mixed Case\" text, fo text COLLATE fuzz.folded)",
        // A partition whose columns lie otherwise, one that is partitioned itself, one for what fits nowhere else.
        "CREATE TABLE fuzz.p (k int, v text, q numeric(8,2), pr fuzz.pair, at date) PARTITION BY LIST (k)",
        "CREATE TABLE fuzz.p1 PARTITION OF fuzz.p FOR VALUES IN (0, 1)",
        "CREATE TABLE fuzz.p2 (at date, gone int, v text, pr fuzz.pair, q numeric(8,2), k int)",
        "ALTER TABLE fuzz.p2 DROP COLUMN gone",
        "ALTER TABLE fuzz.p ATTACH PARTITION fuzz.p2 FOR VALUES IN (2, NULL)",
        "CREATE TABLE fuzz.p3 PARTITION OF fuzz.p DEFAULT PARTITION BY RANGE (q)",
        "CREATE TABLE fuzz.p3a PARTITION OF fuzz.p3 FOR VALUES FROM (MINVALUE) TO (5)",
        "CREATE TABLE fuzz.p3b PARTITION OF fuzz.p3 DEFAULT",
        "CREATE TABLE fuzz.o (k int, by bytea, ad inet, ho timetz, bi varbit, mr int4multirange, pr fuzz.pair)",
        // Rows that go and change because others do.
        "CREATE TABLE fuzz.r (id int PRIMARY KEY, up int REFERENCES fuzz.r ON DELETE CASCADE ON UPDATE CASCADE, side int REFERENCES fuzz.r ON DELETE SET NULL ON UPDATE CASCADE, x xml, pt point)",
        // Tables that inherit, one with other columns in another order, one in its turn inherited from. The key is the parent's alone.
        "CREATE TABLE fuzz.i (id int PRIMARY KEY, k int, v text)",
        "CREATE TABLE fuzz.i1 (more numeric) INHERITS (fuzz.i)",
        "CREATE TABLE fuzz.i1a () INHERITS (fuzz.i1)",
        "CREATE TABLE fuzz.i2 (v text, gone int, k int, id int NOT NULL)",
        "ALTER TABLE fuzz.i2 DROP COLUMN gone",
        "ALTER TABLE fuzz.i2 INHERIT fuzz.i",
        "CREATE FUNCTION fuzz.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE RETURN n * 2",
        "CREATE FUNCTION fuzz.tag(t text, n int DEFAULT 1) RETURNS text LANGUAGE plpgsql STABLE STRICT AS $f$ BEGIN RETURN t || '#' || n; END $f$",
        "CREATE FUNCTION fuzz.most(VARIADIC n int[]) RETURNS int LANGUAGE sql IMMUTABLE AS $f$ SELECT max(x) FROM unnest(n) x $f$",
        "CREATE FUNCTION fuzz.upto(n int) RETURNS TABLE (v int, w text) LANGUAGE sql IMMUTABLE AS $f$ SELECT g, 'n' || g FROM generate_series(1, n) g $f$",
        "CREATE FUNCTION fuzz.halves(n int, OUT lower int, OUT upper int) LANGUAGE sql IMMUTABLE AS $f$ SELECT n / 2, n - n / 2 $f$",
        "CREATE OPERATOR fuzz.<+> (FUNCTION = fuzz.tag, LEFTARG = text, RIGHTARG = int)",
        "CREATE AGGREGATE fuzz.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0')",
        "CREATE FUNCTION fuzz.listed_step(state text, t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN RETURN COALESCE(state || '+', '') || COALESCE(t, '-'); END $f$",
        "CREATE AGGREGATE fuzz.listed(text) (SFUNC = fuzz.listed_step, STYPE = text)",
        "CREATE AGGREGATE fuzz.collected(anycompatible) (SFUNC = array_append, STYPE = anycompatiblearray, INITCOND = '{}')",
        "CREATE AGGREGATE fuzz.middle(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA)",
        "CREATE VIEW fuzz.va AS SELECT a.id, a.g, b.v, b.k FROM fuzz.a LEFT JOIN fuzz.b ON b.a_id = a.id WHERE b.k IS NULL OR b.k > 1",
        "CREATE VIEW fuzz.vb AS SELECT va.g, count(*)::int AS cnt, sum(va.k)::int AS total FROM fuzz.va GROUP BY va.g",
        "CREATE VIEW fuzz.vc WITH (security_barrier) AS SELECT DISTINCT ON (p.k) p.k, p.v, p.pr FROM fuzz.p ORDER BY p.k, p.v DESC, p.q, p.pr, p.at",
        "CREATE VIEW fuzz.vd AS SELECT vb.g, rank() OVER (ORDER BY vb.cnt, vb.total)::int AS place, vc.v FROM fuzz.vb LEFT JOIN fuzz.vc ON vc.k = vb.g UNION ALL SELECT k, 0, fuzz.tag(v, k) FROM fuzz.vc",
    ];

    /// <summary>Tables that are captured.</summary>
    public static readonly FuzzSource[] Sources =
    [
        new("a"), new("b"), new("c"), new("e"), new("h"), new("\"Odd Table\""), new("p") { Partitions = ["p1", "p2", "p3a", "p3b"] }, new("o"), new("r"),
        new("i") { Heirs = ["i1", "i1a", "i2"] }, new("i") { IsAlone = true }, new("i1") { Heirs = ["i1a"] }, new("i1") { IsAlone = true },
    ];

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
        ["fuzz.p"] = [new("k", Kind.Int), new("v", Kind.Text), new("q", Kind.Money), new("pr", Kind.Pair), new("at", Kind.Day)],
        ["fuzz.o"] =
        [
            new("k", Kind.Int), new("by", Kind.Bytes), new("ad", Kind.Address), new("ho", Kind.Hour), new("bi", Kind.Bits), new("mr", Kind.Ranges), new("pr", Kind.Pair),
        ],
        ["fuzz.r"] = [new("id", Kind.Int), new("up", Kind.Int), new("side", Kind.Int), new("x", Kind.Xml), new("pt", Kind.Point)],
        ["fuzz.i"] = [new("id", Kind.Int), new("k", Kind.Int), new("v", Kind.Text)],
        ["fuzz.i1"] = [new("id", Kind.Int), new("k", Kind.Int), new("v", Kind.Text), new("more", Kind.Number)],
        ["fuzz.va"] = [new("id", Kind.Int), new("g", Kind.Int), new("v", Kind.Text), new("k", Kind.Int)],
        ["fuzz.vb"] = [new("g", Kind.Int), new("cnt", Kind.Int), new("total", Kind.Int)],
        ["fuzz.vc"] = [new("k", Kind.Int), new("v", Kind.Text), new("pr", Kind.Pair)],
        ["fuzz.vd"] = [new("g", Kind.Int), new("place", Kind.Int), new("v", Kind.Text)],
    };
}
