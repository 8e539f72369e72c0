using System.Globalization;
using PgTrickle.Workloads.Generation;

namespace PgTrickle.Workloads.Tpch;

/// <summary>
/// Rows of TPC-H in COPY's text format, each a function of its key. Cardinalities, ranges and correlations are those of the specification (clause 4.2); the random
/// numbers and the prose are our own, so results are not those of the reference generator.
/// </summary>
/// <param name="seed">Another seed, other data.</param>
/// <param name="scale">1 is 6 million line items; at least 0.001.</param>
internal sealed class TpchRows(int seed, double scale)
{
    private const int CurrentDay = 1263;

    private const int LastOrderDay = 2405;

    private static readonly string[] Days =
        [.. Enumerable.Range(0, 2600).Select(static d => new DateOnly(1992, 1, 1).AddDays(d).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))];

    private readonly TextPool _text = new(seed);

    public int Suppliers { get; } = Scaled(10_000, scale);

    public int Parts { get; } = Scaled(200_000, scale);

    public int Customers { get; } = Scaled(150_000, scale);

    public int Orders { get; } = Scaled(1_500_000, scale);

    /// <summary>Of each 32 order keys, 8 are used.</summary>
    public static long OrderKey(long index) => index / 8 * 32 + index % 8 + 1;

    public IEnumerable<string> RegionRows() => TpchWords.Regions.Select((name, key) => Region(key, name));

    public string Region(int key, string name)
    {
        var random = new RowRandom(seed, 0, key);
        return $"{key}\t{name}\t{_text.Piece(ref random, 110)}";
    }

    public IEnumerable<string> NationRows() => TpchWords.Nations.Select((nation, key) => Nation(key, nation.Name, nation.Region));

    public string Nation(int key, string name, int region)
    {
        var random = new RowRandom(seed, 1, key);
        return $"{key}\t{name}\t{region}\t{_text.Piece(ref random, 110)}";
    }

    /// <param name="key">From 1.</param>
    public string Supplier(int key)
    {
        var random = new RowRandom(seed, 2, key);
        var nation = random.Next(0, 24);
        var comment = _text.Piece(ref random, 70);
        // Five in ten thousand each, and one of each at the smallest scale.
        comment += (key % 2000) switch
        {
            7 => " Customer slow Complaints",
            8 => " Customer quick Recommends",
            _ => "",
        };
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{key}\tSupplier#{key:D9}\t{_text.Piece(ref random, 40)}\t{nation}\t{Phone(ref random, nation)}\t{Money(random.Next(-99_999, 999_999))}\t{comment}");
    }

    /// <param name="key">From 1.</param>
    public string Part(int key)
    {
        var random = new RowRandom(seed, 3, key);
        var maker = random.Next(1, 5);
        var name = string.Join(' ', Enumerable.Range(0, 5).Select(_ => random.Pick(TpchWords.Colours)));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{key}\t{(name.Length > 55 ? name[..55] : name)}\tManufacturer#{maker}\tBrand#{maker}{random.Next(1, 5)}\t{random.Pick(TpchWords.Types)}\t{random.Next(1, 50)}\t{random.Pick(TpchWords.Containers)}\t{Money(RetailCents(key))}\t{_text.Piece(ref random, 22)}");
    }

    /// <summary>The four suppliers of a part.</summary>
    public IEnumerable<string> PartSuppliers(int part)
    {
        for (var i = 0; i < 4; i++)
        {
            var random = new RowRandom(seed, 4, part * 4L + i);
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{part}\t{SupplierOf(part, i)}\t{random.Next(1, 9999)}\t{Money(random.Next(100, 100_000))}\t{_text.Piece(ref random, 198)}");
        }
    }

    /// <param name="key">From 1.</param>
    public string Customer(int key)
    {
        var random = new RowRandom(seed, 5, key);
        var nation = random.Next(0, 24);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{key}\tCustomer#{key:D9}\t{_text.Piece(ref random, 40)}\t{nation}\t{Phone(ref random, nation)}\t{Money(random.Next(-99_999, 999_999))}\t{random.Pick(TpchWords.Segments)}\t{_text.Piece(ref random, 116)}");
    }

    /// <param name="index">From 0; the key is <see cref="OrderKey"/> of it.</param>
    public string Order(long index)
    {
        var random = new RowRandom(seed, 6, index);
        var day = OrderDay(index);
        var lines = Lines(index).ToList();
        var open = lines.Count(static l => l.ShipDay > CurrentDay);
        var status = open == 0 ? 'F' : open == lines.Count ? 'O' : 'P';
        var total = lines.Sum(static l => l.PriceCents * (100 - l.Discount) * (100 + l.Tax) / 10_000);
        // Every third customer never orders.
        var customer = random.Next(1, Customers);
        customer = customer % 3 == 0 ? Math.Max(customer - 1, 1) : customer;
        var comment = _text.Piece(ref random, 48);
        if (random.OneIn(90))
        {
            comment += " special quick requests";
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"{OrderKey(index)}\t{customer}\t{status}\t{Money(total)}\t{Days[day]}\t{random.Pick(TpchWords.Priorities)}\tClerk#{random.Next(1, Math.Max((int)(1000 * scale), 1)):D9}\t0\t{comment}");
    }

    public IEnumerable<string> LineItems(long index)
    {
        foreach (var line in Lines(index))
        {
            var random = new RowRandom(seed, 8, index * 8 + line.Number);
            var returned = line.ReceiptDay > CurrentDay ? 'N' : random.OneIn(2) ? 'R' : 'A';
            var status = line.ShipDay > CurrentDay ? 'O' : 'F';
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{OrderKey(index)}\t{line.Part}\t{line.Supplier}\t{line.Number}\t{line.Quantity}\t{Money(line.PriceCents)}\t{Money(line.Discount)}\t{Money(line.Tax)}\t{returned}\t{status}\t{Days[line.ShipDay]}\t{Days[line.CommitDay]}\t{Days[line.ReceiptDay]}\t{random.Pick(TpchWords.Instructions)}\t{random.Pick(TpchWords.Modes)}\t{_text.Piece(ref random, 43)}");
        }
    }

    private int OrderDay(long index)
    {
        var random = new RowRandom(seed, 9, index);
        return random.Next(0, LastOrderDay);
    }

    private IEnumerable<Line> Lines(long index)
    {
        var random = new RowRandom(seed, 7, index);
        var day = OrderDay(index);
        var count = random.Next(1, 7);
        for (var number = 1; number <= count; number++)
        {
            var part = random.Next(1, Parts);
            var quantity = random.Next(1, 50);
            var ship = day + random.Next(1, 121);
            yield return new Line(
                number, part, SupplierOf(part, random.Next(0, 3)), quantity, quantity * RetailCents(part), random.Next(0, 10), random.Next(0, 8), ship,
                day + random.Next(30, 90), ship + random.Next(1, 30));
        }
    }

    private static long RetailCents(int part) => 90_000 + part / 10 % 20_001 + 100 * (part % 1000);

    /// <summary>The specification's formula; at small scales the step is kept under a third, so that the four of a part differ.</summary>
    private int SupplierOf(int part, int i)
    {
        var step = Suppliers / 4 + (part - 1) / Suppliers % Math.Max(Suppliers / 3 - Suppliers / 4, 1);
        return (int)((part + (long)i * step) % Suppliers) + 1;
    }

    private static string Phone(ref RowRandom random, int nation)
        => string.Create(CultureInfo.InvariantCulture, $"{nation + 10}-{random.Next(100, 999)}-{random.Next(100, 999)}-{random.Next(1000, 9999)}");

    private static string Money(long cents) => (cents / 100m).ToString("F2", CultureInfo.InvariantCulture);

    private static int Scaled(int rows, double scale) => Math.Max((int)(rows * scale), 8);

    private readonly record struct Line(
        int Number, int Part, int Supplier, int Quantity, long PriceCents, int Discount, int Tax, int ShipDay, int CommitDay, int ReceiptDay);
}
