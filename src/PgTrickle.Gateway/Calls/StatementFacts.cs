namespace PgTrickle.Gateway.Calls;

/// <summary>What the gateway wants to know of a statement's text.</summary>
/// <param name="MentionsCalls">It may call a function that is to be waited for: nothing that follows may run before its outcome is known.</param>
/// <param name="IsSoleCall">It is one call of a function of schema pgtrickle with constants or parameters, and nothing else.</param>
internal readonly record struct StatementFacts(bool MentionsCalls, bool IsSoleCall)
{
    private static ReadOnlySpan<byte> Schema => "pgtrickle"u8;

    private static ReadOnlySpan<byte> Noun => "stream_table"u8;

    /// <summary>How much of a text has to be seen again with what follows, when it is looked at in pieces.</summary>
    public static int Overlap => Noun.Length - 1;

    /// <summary>Looks at a whole text.</summary>
    public static StatementFacts Of(ReadOnlySpan<byte> text)
    {
        var mentions = Mentions(text);
        return new StatementFacts(mentions, mentions && new SoleCallScanner(text).Matches());
    }

    /// <summary>
    /// Whether a text, or a piece of one, names the schema or what its functions are about: a search_path may save the schema. A false alarm costs
    /// the text's pipelining, nothing else.
    /// </summary>
    public static bool Mentions(ReadOnlySpan<byte> text)
    {
        // Both words have a letter that is rare in SQL, in the same place.
        const int Place = 6;
        for (var at = 0; at < text.Length;)
        {
            var found = text[at..].IndexOfAny((byte)'_', (byte)'k', (byte)'K');
            if (found < 0)
            {
                return false;
            }

            at += found;
            if (at >= Place && (StartsWith(text[(at - Place)..], Noun) || StartsWith(text[(at - Place)..], Schema)))
            {
                return true;
            }

            at++;
        }

        return false;
    }

    private static bool StartsWith(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word) =>
        text.Length >= word.Length && System.Text.Ascii.EqualsIgnoreCase(text[..word.Length], word);
}
