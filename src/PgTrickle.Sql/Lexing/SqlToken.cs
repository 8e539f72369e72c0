namespace PgTrickle.Sql.Lexing;

/// <summary>What a token is.</summary>
internal enum SqlTokenKind
{
    /// <summary>The end of the text.</summary>
    End,

    /// <summary>A bare word, folded to lower case: a keyword or a name.</summary>
    Word,

    /// <summary>A quoted name, unquoted.</summary>
    QuotedName,

    /// <summary>A string of any notation, as its value.</summary>
    String,

    /// <summary>The digits of B'...'.</summary>
    BitString,

    /// <summary>The digits of X'...'.</summary>
    HexString,

    /// <summary>A number as it is written.</summary>
    Number,

    /// <summary>The digits of $n.</summary>
    Parameter,

    /// <summary>An operator.</summary>
    Operator,

    /// <summary>One of <c>( ) [ ] , ; . : :: := =></c>.</summary>
    Punctuation,
}

/// <summary>A token and where it starts, in UTF-16 units.</summary>
internal readonly record struct SqlToken(SqlTokenKind Kind, string Text, int Position)
{
    public bool IsWord(string word) => Kind == SqlTokenKind.Word && Text == word;

    public bool IsPunctuation(string symbol) => Kind == SqlTokenKind.Punctuation && Text == symbol;

    public override string ToString() => Kind switch
    {
        SqlTokenKind.End => "the end of the text",
        SqlTokenKind.QuotedName => $"\"{Text}\"",
        SqlTokenKind.String => "a string",
        _ => $"'{Text}'",
    };
}
