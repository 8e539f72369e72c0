using System.Globalization;
using PgTrickle.Workloads.Generation;

namespace PgTrickle.Workloads.Nexmark;

/// <summary>Rows of Nexmark in COPY's text format, each a function of its place in the stream: one event a millisecond, of each 50 one a person, three auctions, 46 bids.</summary>
internal sealed class NexmarkRows(int seed)
{
    private static readonly string[] States = ["AZ", "CA", "ID", "OR", "WA", "WY"];

    private static readonly string[] Cities = ["Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle", "Kent", "Cheyenne"];

    private static readonly string[] Channels = ["Google", "Facebook", "Baidu", "Apple"];

    private readonly TextPool _text = new(seed);

    public string Person(long place)
    {
        var random = new RowRandom(seed, 20, place);
        var id = place / 50;
        return $"{id}\tperson {id}\tp{id}@example.com\t{random.Next(1000, 9999)} {random.Next(1000, 9999)}\t{random.Pick(Cities)}\t{random.Pick(States)}\t{Time(place)}\t{_text.Piece(ref random, 40)}";
    }

    public string Auction(long place)
    {
        var random = new RowRandom(seed, 21, place);
        var id = place / 50 * 3 + place % 50 - 1;
        var first = Price(ref random);
        return $"{id}\titem {id}\t{_text.Piece(ref random, 30)}\t{first}\t{first + Price(ref random)}\t{Time(place)}\t{Time(place + random.Next(1_000, 20_000))}\t{Recent(ref random, place / 50)}\t{random.Next(10, 14)}\t{_text.Piece(ref random, 60)}";
    }

    public string Bid(long place)
    {
        var random = new RowRandom(seed, 22, place);
        // Half of the bids go to the hot auction of the moment.
        var latest = place / 50 * 3 + 2;
        var auction = random.OneIn(2) ? latest / 100 * 100 : Recent(ref random, latest);
        var bidder = random.OneIn(4) ? place / 50 / 100 * 100 : Recent(ref random, place / 50);
        var channel = random.OneIn(2) ? random.Pick(Channels) : $"channel-{random.Next(0, 9_999)}";
        var url = $"https://auction.example/{random.Next(0, 99)}/{random.Next(0, 999)}/item.htm?query=1{(random.OneIn(10) ? "" : $"&channel_id={random.Next(0, 1 << 20)}")}";
        return $"{auction}\t{bidder}\t{Price(ref random)}\t{channel}\t{url}\t{Time(place)}\t{_text.Piece(ref random, 40)}";
    }

    /// <summary>One of the last hundred or so.</summary>
    private static long Recent(ref RowRandom random, long latest) => Math.Max(latest - random.Skewed(100), 0);

    /// <summary>From 1 to a hundred million cents, each power of ten as often.</summary>
    private static long Price(ref RowRandom random) => random.Skewed(100_000_000) + 100;

    private static string Time(long place) => new DateTime(2026, 1, 1, 6, 0, 0, DateTimeKind.Unspecified).AddMilliseconds(place).ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
}
