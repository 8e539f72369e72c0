using System.Globalization;

namespace PgTrickle.Fuzzing.Generation;

/// <summary>A transaction of an interval.</summary>
/// <param name="Statements">In order; an error ends it.</param>
/// <param name="IsRolledBack">Whether it ends with ROLLBACK.</param>
/// <param name="IsLate">Whether it is committed only after the refresh that follows: it writes to tables without keys alone, so nothing waits for it.</param>
internal sealed record FuzzTransaction(IReadOnlyList<string> Statements, bool IsRolledBack = false, bool IsLate = false);

/// <summary>Random changes as self-contained statements, so that some can be left out and the rest still runs.</summary>
internal sealed class FuzzChanges(Random random)
{
    /// <summary>From this number on, inserts wait for nobody.</summary>
    private const int FirstWithoutRivals = 6;

    /// <summary>Numbers of tables; some have several.</summary>
    private const int Weights = 16;

    /// <summary>What fills the empty tables.</summary>
    public IReadOnlyList<FuzzTransaction> Initial()
    {
        var statements = new List<string>();
        for (var i = random.Next(8, 70); i > 0; i--)
        {
            statements.Add(Insert(random.Next(Weights)));
        }

        return [.. statements.Select(static s => new FuzzTransaction([s]))];
    }

    /// <summary>One to three transactions; sometimes none, so that only time passes. Rules differ by the sides that changed, so every third interval is about one table.</summary>
    public IReadOnlyList<FuzzTransaction> Interval()
    {
        var transactions = new List<FuzzTransaction>();
        var only = random.Next(3) == 0 ? random.Next(Weights) : (int?)null;
        for (var t = random.Next(8) == 0 ? 0 : random.Next(1, 4); t > 0; t--)
        {
            if (random.Next(9) == 0 && only is null or >= FirstWithoutRivals)
            {
                transactions.Add(new([.. Some(1, 3, () => Insert(only ?? random.Next(FirstWithoutRivals, Weights)))], IsLate: true));
                continue;
            }

            transactions.Add(new([.. Some(1, 6, () => Change(only ?? random.Next(Weights)))], IsRolledBack: random.Next(10) == 0));
        }

        return transactions;
    }

    private IEnumerable<string> Some(int low, int high, Func<string> make)
        => Enumerable.Range(0, random.Next(low, high)).Select(_ => make());

    private string Change(int table) => random.Next(50) switch
    {
        0 when random.Next(2) == 0 => Truncate(table),
        1 or 2 when table is 10 or 11 => Repartition(),
        1 or 2 when table is 14 or 15 => Disinherit(),
        < 20 => Insert(table),
        < 22 => Merge(table),
        < 40 => Update(table),
        _ => Delete(table),
    };

    /// <summary>A table, some of its partitions, or several at once.</summary>
    private string Truncate(int table) => table switch
    {
        < 3 => "TRUNCATE fuzz.a",
        < 6 => One("TRUNCATE fuzz.b RESTART IDENTITY", "TRUNCATE fuzz.b, fuzz.a"),
        6 => "TRUNCATE fuzz.c",
        7 => "TRUNCATE fuzz.e CASCADE",
        8 => "TRUNCATE fuzz.\"Odd Table\"",
        9 => "TRUNCATE fuzz.h",
        12 => "TRUNCATE fuzz.o",
        13 => "TRUNCATE fuzz.r",
        14 or 15 => One("TRUNCATE fuzz.i", "TRUNCATE ONLY fuzz.i", "TRUNCATE fuzz.i1", "TRUNCATE fuzz.i2"),
        _ => One("TRUNCATE fuzz.p", "TRUNCATE fuzz.p1", "TRUNCATE fuzz.p2", "TRUNCATE fuzz.p3"),
    };

    /// <summary>What one statement does to several rows in several ways.</summary>
    private string Merge(int table) => table switch
    {
        < 3 => $"UPDATE fuzz.a SET g = e.w, t = {Maybe(Word())} FROM fuzz.e WHERE e.src = a.id",
        < 6 => $"MERGE INTO fuzz.b USING (SELECT DISTINCT dst FROM fuzz.e) e ON b.id = e.dst WHEN MATCHED AND b.k > 1 THEN DELETE WHEN MATCHED THEN UPDATE SET k = {Small()}, a_id = e.dst WHEN NOT MATCHED THEN INSERT (id, a_id, k, v) VALUES (e.dst, {Maybe(Number(1, 14))}, {Small()}, {Maybe(Word())})",
        9 => $"MERGE INTO fuzz.h USING fuzz.a ON h.x = a.g AND h.y = a.t WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED AND a.id = {Number(1, 14)} AND a.g IS NOT NULL AND a.t IS NOT NULL THEN INSERT VALUES (a.g, a.t, {Amount()}, a.id)",
        14 => $"MERGE INTO fuzz.i USING (SELECT DISTINCT dst FROM fuzz.e) e ON i.id = e.dst WHEN MATCHED AND i.k > 2 THEN DELETE WHEN MATCHED THEN UPDATE SET k = {Maybe(Small())} WHEN NOT MATCHED THEN INSERT VALUES (e.dst, {Maybe(Small())}, {Maybe(Word())})",
        15 => $"WITH moved AS (DELETE FROM {One("ONLY fuzz.i", "fuzz.i1", "fuzz.i2")} WHERE id < {Number(1, 9)} RETURNING id, k, v) INSERT INTO {Heir()} (id, k, v) SELECT id, k, v FROM moved",
        10 or 11 => $"WITH moved AS (DELETE FROM fuzz.p WHERE k = {Small()} RETURNING *) INSERT INTO fuzz.p SELECT {Maybe(Small())}, v, q, pr, at FROM moved",
        _ => Update(table),
    };

    private string Insert(int table) => table switch
    {
        < 3 => $"INSERT INTO fuzz.a VALUES ({Number(1, 14)}, {Maybe(Small())}, {Maybe(Word())}, {Maybe(Decimal())}, {Maybe(Amount())}, {Maybe(Float())}, {Maybe(Time())}, {Maybe(Day())}, {One("true", "false")}) ON CONFLICT (id) DO UPDATE SET g = excluded.g, n = excluded.n, t = excluded.t, ts = excluded.ts",
        < 6 => $"INSERT INTO fuzz.b VALUES ({Number(1, 20)}, {Maybe(Number(1, 14))}, {Small()}, {Maybe(Word())}, {Maybe(Code())}, {Maybe(Mood())}, {Maybe(Span())}, {Maybe(Range())}, {Maybe(Small())}) ON CONFLICT (id) DO UPDATE SET a_id = excluded.a_id, k = excluded.k, v = excluded.v",
        6 => $"INSERT INTO fuzz.c SELECT {Maybe(Small())}, {Maybe(Word())}, {Maybe(Decimal())}, {Maybe(Json())}::json, {Maybe(Json())}::jsonb, {Maybe(Array())}::int[] FROM generate_series(1, {Number(1, 3)})",
        7 => $"INSERT INTO fuzz.e SELECT {Number(1, 6)}, {Number(1, 6)}, {Maybe(Small())} FROM generate_series(1, {One("1", "1", "2")})",
        8 => $"INSERT INTO fuzz.\"Odd Table\" VALUES ({Maybe(Small())}, {Maybe(Word())}, {Maybe(Folded())})",
        12 => $"INSERT INTO fuzz.o SELECT {Maybe(Small())}, {Maybe(Bytes())}, {Maybe(Address())}, {Maybe(Hour())}, {Maybe(Bits())}, {Maybe(Ranges())}, {Maybe(Pair())} FROM generate_series(1, {One("1", "1", "2")})",
        13 => $"INSERT INTO fuzz.r VALUES ({Number(1, 8)}, {Related()}, {Related()}, {Maybe(Markup())}::xml, {Maybe(Point())}) ON CONFLICT (id) DO UPDATE SET up = excluded.up, x = excluded.x",
        14 => $"INSERT INTO fuzz.i VALUES ({Number(1, 9)}, {Maybe(Small())}, {Maybe(Word())}) ON CONFLICT (id) DO UPDATE SET k = excluded.k, v = excluded.v",
        15 => $"INSERT INTO {Heir()} (id, k, v) SELECT {Number(1, 9)}, {Maybe(Small())}, {Maybe(Word())} FROM generate_series(1, {One("1", "1", "2")})",
        > 9 => $"INSERT INTO fuzz.p SELECT {Maybe(Small())}, {Maybe(Word())}, {Maybe(Amount())}, {Maybe(Pair())}, {Maybe(Day())} FROM generate_series(1, {One("1", "1", "2")})",
        _ => $"INSERT INTO fuzz.h VALUES ({One("1", "1", "1", "2", "5")}, {Word()}, {Amount()}, {Maybe(Small())}) ON CONFLICT (x, y) DO NOTHING",
    };

    private string Update(int table) => table switch
    {
        < 3 => $"UPDATE fuzz.a SET {One($"g = {Maybe(Small())}", $"t = {Maybe(Word())}", $"n = {Maybe(Decimal())}", $"m = {Maybe(Amount())}", $"f = {Maybe(Float())}", $"ts = {Maybe(Time())}", $"d = {Maybe(Day())}", "b = NOT b", "g = g", "n = n * 1.00", $"id = id + 100")} WHERE id % {Number(2, 5)} = {Number(0, 2)} AND id < 100",
        < 5 => $"UPDATE fuzz.b SET {One($"a_id = {Maybe(Number(1, 14))}", $"k = {Small()}", $"v = {Maybe(Word())}", $"c = {Maybe(Code())}", $"e = {Maybe(Mood())}", $"iv = {Maybe(Span())}", $"r = {Maybe(Range())}", $"s = {Maybe(Small())}", "k = k + 1 - 1")} WHERE {One($"id % 4 = {Number(0, 3)}", $"k = {Small()}", $"a_id = {Number(1, 14)}")}",
        5 => "UPDATE fuzz.a SET id = id - 100 WHERE id > 100 AND NOT EXISTS (SELECT FROM fuzz.a o WHERE o.id = a.id - 100)",
        6 => $"UPDATE fuzz.c SET {One($"k = {Maybe(Small())}", $"v = {Maybe(Word())}", $"n = {Maybe(Decimal())}", $"jb = {Maybe(Json())}::jsonb", $"arr = {Maybe(Array())}::int[]", $"j = {Maybe(Json())}::json")} WHERE ctid IN (SELECT ctid FROM fuzz.c LIMIT 2 OFFSET {Number(0, 4)})",
        7 => $"UPDATE fuzz.e SET {One($"dst = {Number(1, 6)}", $"src = {Number(1, 6)}", "w = w + 1", "src = dst, dst = src")} WHERE src = {Number(1, 6)}",
        8 => $"UPDATE fuzz.\"Odd Table\" SET {One($"\"select\" = {Maybe(Small())}", $"\"Mixed Case\" = {Maybe(Word())}", $"fo = {Maybe(Folded())}")} WHERE ctid IN (SELECT ctid FROM fuzz.\"Odd Table\" LIMIT 2 OFFSET {Number(0, 3)})",
        12 => $"UPDATE fuzz.o SET {One($"k = {Maybe(Small())}", $"by = {Maybe(Bytes())}", $"ad = {Maybe(Address())}", $"ho = {Maybe(Hour())}", $"bi = {Maybe(Bits())}", $"mr = {Maybe(Ranges())}", $"pr.y = {Maybe(Word())}")} WHERE {One($"k = {Small()}", $"ho = {Hour()}", $"bi = {Bits()}")}",
        13 => $"UPDATE fuzz.r SET {One("id = 9 - id", "id = id + 10", $"up = {Related()}", $"side = {Related()}", $"x = {Maybe(Markup())}::xml", $"pt = {Maybe(Point())}")} WHERE id = {Number(1, 8)}",
        14 or 15 => $"UPDATE {Of()} SET {One($"k = {Maybe(Small())}", $"v = {Maybe(Word())}", "id = id + 10", "k = k")} WHERE {One($"id % 4 = {Number(0, 3)}", $"k = {Small()}", $"v = {Word()}")}",
        > 9 => $"UPDATE fuzz.p SET {One($"k = {Maybe(Small())}", "k = k + 1", $"q = {Maybe(Amount())}", "q = q * 3", $"pr = {Maybe(Pair())}", $"pr.x = {Maybe(Small())}", $"v = {Maybe(Word())}", $"at = {Maybe(Day())}")} WHERE {One($"k = {Small()}", "k IS NULL", $"v = {Word()}")}",
        _ => $"UPDATE fuzz.h SET {One("q = q + 1", "q = 0", $"z = {Maybe(Small())}", "q = q")} WHERE x = {One("1", "2", "5")}",
    };

    private string Delete(int table) => table switch
    {
        < 3 => $"DELETE FROM fuzz.a WHERE id % {Number(3, 9)} = {Number(0, 2)}",
        < 6 => $"DELETE FROM fuzz.b WHERE {One($"id % 5 = {Number(0, 4)}", $"k = {Small()}", "a_id IS NULL", "true")}",
        6 => $"DELETE FROM fuzz.c WHERE ctid IN (SELECT ctid FROM fuzz.c LIMIT {Number(1, 3)} OFFSET {Number(0, 3)})",
        7 => $"DELETE FROM fuzz.e WHERE {One($"src = {Number(1, 6)}", $"dst = {Number(1, 6)}", $"ctid IN (SELECT ctid FROM fuzz.e LIMIT 1 OFFSET {Number(0, 5)})")}",
        8 => "DELETE FROM fuzz.\"Odd Table\" WHERE ctid IN (SELECT ctid FROM fuzz.\"Odd Table\" LIMIT 1)",
        12 => $"DELETE FROM fuzz.o WHERE {One($"k = {Small()}", $"ad = {Address()}")}",
        13 => $"DELETE FROM fuzz.r WHERE id = {Number(1, 8)}",
        14 or 15 => $"DELETE FROM {Of()} WHERE {One($"id % 5 = {Number(0, 4)}", $"k = {Small()}", "id > 10")}",
        > 9 => $"DELETE FROM fuzz.p WHERE {One($"k = {Small()}", $"v = {Word()}", $"ctid IN (SELECT ctid FROM fuzz.p LIMIT {Number(1, 2)})")}",
        _ => $"DELETE FROM fuzz.h WHERE y = {Word()}",
    };

    /// <summary>A partition leaves, or comes back with whatever it has by then, and with what only it may hold. Capture by hand is told: no trigger sees it.</summary>
    private string Repartition()
    {
        var (partition, values, its) = random.Next(2) == 0 ? ("p1", "0, 1", "k IN (0, 1)") : ("p2", "2, NULL", "k = 2 OR k IS NULL");
        return One(
            $"ALTER TABLE fuzz.p DETACH PARTITION fuzz.{partition}",
            $"WITH moved AS (DELETE FROM fuzz.p3 WHERE {its} RETURNING *) INSERT INTO fuzz.{partition} (k, v, q, pr, at) SELECT k, v, q, pr, at FROM moved; ALTER TABLE fuzz.p ATTACH PARTITION fuzz.{partition} FOR VALUES IN ({values})")
            + "; SELECT fuzz.reshaped('p')";
    }

    /// <summary>A table ceases to inherit, or begins anew.</summary>
    private string Disinherit() => One(
        $"ALTER TABLE fuzz.i2 {One("NO ", "")}INHERIT fuzz.i; SELECT fuzz.reshaped('i')", $"ALTER TABLE fuzz.i1a {One("NO ", "")}INHERIT fuzz.i1; SELECT fuzz.reshaped('i'), fuzz.reshaped('i1')");

    private string Heir() => One("fuzz.i1", "fuzz.i1", "fuzz.i1a", "fuzz.i2");

    private string Of() => One("fuzz.i", "ONLY fuzz.i", "fuzz.i1", "fuzz.i1a", "fuzz.i2");

    private string Small() => random.Next(12) == 0 ? Number(-3, 9) : Number(0, 4);

    private string Word() => One("'a'", "'b'", "'c'", "'ab'", "''", "'it''s'", "'B'");

    private string Code() => One("'a'", "'a  '", "'b'", "'abcd'", "''");

    private string Folded() => One("'a'", "'A'", "'b'", "'B'", "'ab'", "'Ab'");

    private string Mood() => One("'sad'", "'ok'", "'happy'") + "::fuzz.mood";

    private string Amount() => One("1.00", "2.50", "10", "99.99", "0", "-3.25");

    private string Decimal() => One("1", "1.0", "1.00", "2.5", "2.50", "0.125", "-7", "1e3", "'NaN'");

    private string Float() => One("0", "'-0'", "1.5", "0.5", "-2.25", "1024", "'NaN'", "'Infinity'");

    private string Span() => One("interval '1 mon'", "interval '30 days'", "interval '24 hours'", "interval '1 day'", "interval '-1 hour'");

    private string Range() => One("int4range(1, 3)", "int4range(2, 5)", "'empty'::int4range", "int4range(NULL, 3)", "int4range(1, 3, '[]')");

    private string Day() => random.Next(20) == 0 ? "'infinity'" : $"date '2026-03-01' + {Number(-3, 3)}";

    /// <summary>Some of them pass while the queries run.</summary>
    private string Time() => random.Next(16) switch
    {
        0 => One("'infinity'", "'-infinity'"),
        < 8 => $"now() + interval '1 millisecond' * {Number(-2000, 4000)}",
        _ => $"timestamptz '2026-03-01 12:00+00' + interval '1 hour' * {Number(-40, 40)}",
    };

    private string Json() => One("""'{"a": 1}'""", """'{"a":1}'""", """'{"a": 1.0}'""", "'[]'", "'[1, 2]'", """'{"a": "x", "b": [1]}'""", "'null'", "'3'");

    private string Array() => One("'{}'", "'{1}'", "'{1,2}'", "'{2,NULL}'", "'{3,3,1}'");

    private string Pair() => $"ROW({Maybe(Small())}, {Maybe(Word())})::fuzz.pair";

    /// <summary>A row of the table that there is.</summary>
    private string Related() => Maybe($"(SELECT id FROM fuzz.r ORDER BY id LIMIT 1 OFFSET {Number(0, 4)})");

    private string Markup() => One("'<a/>'", "'<a></a>'", "'<v>1</v>'", "'x'");

    private string Point() => One("point(1, 2)", "point(0, 0)", "point(-0.0, 0)", "point(1, 2.5)");

    private string Bytes() => One(@"'\x'::bytea", @"'\x00'::bytea", @"'\x0001ff'::bytea", @"'\x61'::bytea");

    private string Address() => One("inet '10.0.0.1'", "inet '10.0.0.1/8'", "inet '::1'", "inet '10.0.0.2'");

    private string Hour() => One("timetz '12:00+00'", "timetz '13:00+01'", "timetz '24:00-03'");

    private string Bits() => One("varbit '0'", "varbit '00'", "varbit ''", "varbit '1010'");

    private string Ranges() => One("'{}'::int4multirange", "'{[1,3)}'::int4multirange", "'{[1,3),[5,7)}'::int4multirange", "'{(,2)}'::int4multirange");

    private string Number(int low, int high) => random.Next(low, high + 1).ToString(CultureInfo.InvariantCulture);

    private string Maybe(string value) => random.Next(5) == 0 ? "NULL" : value;

    private string One(params string[] values) => values[random.Next(values.Length)];
}
