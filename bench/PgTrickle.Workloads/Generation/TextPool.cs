using System.Text;

namespace PgTrickle.Workloads.Generation;

/// <summary>Filler for comments: pieces of one long text, which costs nothing to make and compresses as little as prose does.</summary>
internal sealed class TextPool
{
    private static readonly string[] Words =
    [
        "account", "across", "after", "again", "along", "already", "among", "around", "asleep", "before", "behind", "bold", "brave", "bright", "calm", "careful",
        "cargo", "carry", "cold", "courier", "daring", "deposit", "detect", "dogged", "dolphin", "doze", "eager", "even", "express", "final", "fluffy", "foxes",
        "furious", "gather", "haggle", "hinder", "idea", "instead", "invoice", "ironic", "kindle", "ledger", "mostly", "nag", "never", "notice", "often", "orbit",
        "package", "patient", "pending", "pinto", "platelet", "quick", "quiet", "regular", "rely", "ruthless", "sauternes", "serene", "silent", "sleep", "slow",
        "sly", "solve", "sometimes", "stealthy", "theodolite", "thin", "toward", "under", "unusual", "wake", "warthog", "whisper", "within",
    ];

    private const int Length = 1 << 19;

    private readonly string _text;

    public TextPool(int seed)
    {
        var random = new RowRandom(seed, 99, 0);
        var text = new StringBuilder(Length + 32);
        while (text.Length < Length)
        {
            text.Append(random.Pick(Words)).Append(random.OneIn(9) ? ". " : " ");
        }

        _text = text.ToString();
    }

    /// <summary>A piece between four tenths of a length and the whole.</summary>
    public string Piece(ref RowRandom random, int most)
    {
        var length = random.Next(most * 2 / 5, most);
        return _text.Substring(random.Next(0, _text.Length - length - 1), length).Trim();
    }
}
