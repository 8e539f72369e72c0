using PgTrickle.Sql.Lexing;
using PgTrickle.Sql.Parsing;

namespace PgTrickle.Sql.Tests.Lexing;

public class SqlLexerTests
{
    [Theory]
    [InlineData("'plain'", "plain")]
    [InlineData("'it''s'", "it's")]
    [InlineData("'back\\slash'", "back\\slash")]
    [InlineData("''", "")]
    [InlineData("'two'\n  'parts'", "twoparts")]
    [InlineData("'two' -- why\n 'parts'", "twoparts")]
    [InlineData("E'a\\nb\\tc\\\\d\\'e'", "a\nb\tc\\d'e")]
    [InlineData("e'\\x41\\102\\u0043\\U00000044\\q'", "ABCDq")]
    [InlineData("E'doubled '' quote'", "doubled ' quote")]
    [InlineData("E'\\uD83D\\uDE00'", "😀")]
    [InlineData("U&'d\\0061t\\+000061 \\\\'", "data \\")]
    [InlineData("u&'d!0061' UESCAPE '!'", "da")]
    [InlineData("$$it's$$", "it's")]
    [InlineData("$tag$ $$ $other$ $tag$", " $$ $other$ ")]
    [InlineData("$ä1$x$ä1$", "x")]
    public void Strings_of_every_notation_have_their_value(string text, string value)
        => Assert.Equal([(SqlTokenKind.String, value)], Tokens(text));

    [Theory]
    [InlineData("0")]
    [InlineData("42")]
    [InlineData("1.5")]
    [InlineData("1.")]
    [InlineData(".5")]
    [InlineData("1e10")]
    [InlineData("1.5E-3")]
    [InlineData("1_000_000.000_1")]
    [InlineData("0x1F_ff")]
    [InlineData("0o17")]
    [InlineData("0b_101")]
    public void Numbers_keep_their_text(string text) => Assert.Equal([(SqlTokenKind.Number, text)], Tokens(text));

    [Theory]
    [InlineData("1x")]
    [InlineData("1__0")]
    [InlineData("0x")]
    [InlineData("0b12")]
    [InlineData("1e")]
    [InlineData("$1a")]
    [InlineData("'open")]
    [InlineData("E'open\\'")]
    [InlineData("\"open")]
    [InlineData("$tag$ open $TAG$")]
    [InlineData("/* /* open */")]
    [InlineData("B'102'")]
    [InlineData("X'fg'")]
    [InlineData("E'\\u00'")]
    [InlineData("E'\\xff'")]
    [InlineData("E'\\0'")]
    [InlineData("U&'\\00G0'")]
    [InlineData("U&'x' UESCAPE 'a'")]
    [InlineData("N'national'")]
    [InlineData("a \\ b")]
    [InlineData("{")]
    public void Broken_tokens_are_errors(string text) => Assert.Throws<SqlParseException>(() => SqlLexer.Tokenize(text));

    [Theory]
    [InlineData("a+-b", "+", "-")]
    [InlineData("a@-b", "@-")]
    [InlineData("a*-b", "*", "-")]
    [InlineData("a<=-b", "<=", "-")]
    [InlineData("a~~*b", "~~*")]
    [InlineData("a->>b", "->>")]
    [InlineData("a!=b", "<>")]
    [InlineData("a<>b", "<>")]
    [InlineData("a-- comment -\n", new string[0])]
    [InlineData("a+/* comment */-b", "+", "-")]
    [InlineData("a#-b", "#-")]
    [InlineData("a=>=b", "=>=")]
    public void Operators_end_where_PostgreSQL_ends_them(string text, params string[] operators)
        => Assert.Equal(operators, SqlLexer.Tokenize(text).Where(t => t.Kind == SqlTokenKind.Operator).Select(t => t.Text));

    [Fact]
    public void Words_fold_ASCII_letters_only()
        => Assert.Equal([(SqlTokenKind.Word, "sELECT".ToLowerInvariant()), (SqlTokenKind.Word, "grÖße"), (SqlTokenKind.Word, "a$1")], Tokens("sELECT GRÖßE A$1"));

    [Fact]
    public void Quoted_names_keep_case_and_quotes()
        => Assert.Equal(
            [(SqlTokenKind.QuotedName, "A\"b"), (SqlTokenKind.Punctuation, "."), (SqlTokenKind.QuotedName, "日本"), (SqlTokenKind.QuotedName, "dat")],
            Tokens("\"A\"\"b\".\"日本\" U&\"d\\0061t\""));

    [Fact]
    public void Nested_comments_and_white_space_separate_tokens()
        => Assert.Equal([(SqlTokenKind.Word, "a"), (SqlTokenKind.Word, "b")], Tokens("a/* one /* two */ ' */ -- three\r\n\t\f b"));

    [Fact]
    public void Punctuation_is_told_from_operators()
        => Assert.Equal(
            ["(", "[", ":", "]", "::", ":=", "=>", ",", ".", ";", ")"],
            SqlLexer.Tokenize("( [ : ] :: := => , . ; )").SkipLast(1).Select(t => t.Text));

    [Fact]
    public void Bit_strings_and_parameters_are_their_digits()
        => Assert.Equal(
            [(SqlTokenKind.BitString, "01"), (SqlTokenKind.HexString, "aF"), (SqlTokenKind.Parameter, "12"), (SqlTokenKind.BitString, "")],
            Tokens("B'01' x'aF' $12 b''"));

    [Fact]
    public void Positions_are_those_of_the_first_character()
        => Assert.Equal([0, 2, 6, 9], SqlLexer.Tokenize("a 'x' +  ").Select(t => t.Position));

    private static IEnumerable<(SqlTokenKind Kind, string Text)> Tokens(string text)
    {
        var tokens = SqlLexer.Tokenize(text);
        Assert.Equal(SqlTokenKind.End, tokens[^1].Kind);
        return tokens.SkipLast(1).Select(t => (t.Kind, t.Text));
    }
}
