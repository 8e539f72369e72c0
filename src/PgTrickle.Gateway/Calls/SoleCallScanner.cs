using System.Text;

namespace PgTrickle.Gateway.Calls;

/// <summary>
/// Recognises <c>SELECT pgtrickle.f(constants)</c>, <c>SELECT * FROM pgtrickle.f(constants)</c> and <c>CALL pgtrickle.f(constants)</c>. Such a
/// statement does nothing but the call, so its failure may be reported as the statement's own. When in doubt the answer is no: then the failure is a warning.
/// </summary>
internal ref struct SoleCallScanner(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _text = text;
    private int _at;

    /// <summary>Whether the text is such a statement.</summary>
    public bool Matches()
    {
        if (Word("select"u8))
        {
            if (Symbol("*"u8) && !Word("from"u8))
            {
                return false;
            }
        }
        else if (!Word("call"u8))
        {
            return false;
        }

        if (!(Word("pgtrickle"u8) || Symbol("\"pgtrickle\""u8)) || !Symbol("."u8) || !Identifier() || !Symbol("("u8) || !Arguments())
        {
            return false;
        }

        Symbol(";"u8);
        SkipBlanks();
        return _at == _text.Length;
    }

    /// <summary>Everything up to the closing parenthesis, as long as nothing in it can be a call or a subquery.</summary>
    private bool Arguments()
    {
        while (true)
        {
            SkipBlanks();
            if (_at == _text.Length)
            {
                return false;
            }

            switch (_text[_at])
            {
                case (byte)')':
                    _at++;
                    return true;
                case (byte)'(' or (byte)';' or (byte)'"' or (byte)'\\':
                    return false;
                case (byte)'\'':
                    if (!QuotedString())
                    {
                        return false;
                    }

                    break;
                case (byte)'$':
                    if (!DollarString())
                    {
                        return false;
                    }

                    break;
                default:
                    if (!Identifier())
                    {
                        _at++;
                    }

                    break;
            }
        }
    }

    /// <summary>A backslash may or may not escape, by a setting that is not known here.</summary>
    private bool QuotedString()
    {
        for (_at++; _at < _text.Length; _at++)
        {
            switch (_text[_at])
            {
                case (byte)'\\':
                    return false;
                case (byte)'\'' when _at + 1 < _text.Length && _text[_at + 1] == '\'':
                    _at++;
                    break;
                case (byte)'\'':
                    _at++;
                    return true;
            }
        }

        return false;
    }

    /// <summary>A parameter such as $1, or a string between $tag$.</summary>
    private bool DollarString()
    {
        var start = _at++;
        if (_at < _text.Length && char.IsAsciiDigit((char)_text[_at]))
        {
            while (_at < _text.Length && char.IsAsciiDigit((char)_text[_at]))
            {
                _at++;
            }

            return true;
        }

        Identifier(skipBlanks: false);
        if (_at == _text.Length || _text[_at] != '$')
        {
            return false;
        }

        var tag = _text[start..++_at];
        var end = _text[_at..].IndexOf(tag);
        _at += end + tag.Length;
        return end >= 0;
    }

    private bool Word(ReadOnlySpan<byte> word)
    {
        SkipBlanks();
        var rest = _text[_at..];
        if (rest.Length < word.Length || !Ascii.EqualsIgnoreCase(rest[..word.Length], word) || (rest.Length > word.Length && IsNameByte(rest[word.Length])))
        {
            return false;
        }

        _at += word.Length;
        return true;
    }

    private bool Symbol(ReadOnlySpan<byte> symbol)
    {
        SkipBlanks();
        if (!_text[_at..].StartsWith(symbol))
        {
            return false;
        }

        _at += symbol.Length;
        return true;
    }

    private bool Identifier(bool skipBlanks = true)
    {
        if (skipBlanks)
        {
            SkipBlanks();
        }

        var start = _at;
        while (_at < _text.Length && IsNameByte(_text[_at]))
        {
            _at++;
        }

        return _at > start;
    }

    private void SkipBlanks()
    {
        while (_at < _text.Length)
        {
            var rest = _text[_at..];
            if (rest[0] is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r' or (byte)'\f' or (byte)'\v')
            {
                _at++;
            }
            else if (rest.StartsWith("--"u8))
            {
                var end = rest.IndexOfAny((byte)'\n', (byte)'\r');
                _at = end < 0 ? _text.Length : _at + end;
            }
            else if (rest.StartsWith("/*"u8) && CommentEnd(rest) is > 0 and var length)
            {
                _at += length;
            }
            else
            {
                return;
            }
        }
    }

    /// <summary>Comments nest in PostgreSQL; one that does is left standing, so that nothing matches.</summary>
    private static int CommentEnd(ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOf("*/"u8);
        return end < 0 || rest[2..].IndexOf("/*"u8) is >= 0 and var inner && inner + 2 < end ? 0 : end + 2;
    }

    private static bool IsNameByte(byte value) => char.IsAsciiLetterOrDigit((char)value) || value is (byte)'_' or >= 0x80;
}
