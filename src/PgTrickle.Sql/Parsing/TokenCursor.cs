using System.Runtime.CompilerServices;
using PgTrickle.Sql.Lexing;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Parsing;

/// <summary>The position of a parser in its tokens, what it expects next, and how deep it is.</summary>
internal sealed class TokenCursor(IReadOnlyList<SqlToken> tokens, SqlParseOptions options)
{
    private int _index;
    private int _depth;

    public SqlToken Current => tokens[_index];

    public int Position => Current.Position;

    public SqlToken Peek(int offset = 1) => tokens[Math.Min(_index + offset, tokens.Count - 1)];

    public bool AtWord(string word) => Current.IsWord(word);

    public bool AtAnyWord(params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (AtWord(word))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether these words come next, in this order.</summary>
    public bool AtWords(params ReadOnlySpan<string> words)
    {
        for (var i = 0; i < words.Length; i++)
        {
            if (!Peek(i).IsWord(words[i]))
            {
                return false;
            }
        }

        return true;
    }

    public bool AtSymbol(string symbol) => Current.IsPunctuation(symbol);

    public bool AtOperator(string symbol) => Current.Kind == SqlTokenKind.Operator && Current.Text == symbol;

    public SqlToken Take()
    {
        var token = Current;
        if (token.Kind != SqlTokenKind.End)
        {
            _index++;
        }

        return token;
    }

    /// <summary>Skips these words if they come next, in this order.</summary>
    public bool TryTakeWords(params ReadOnlySpan<string> words)
    {
        if (!AtWords(words))
        {
            return false;
        }

        _index += words.Length;
        return true;
    }

    public bool TryTakeSymbol(string symbol)
    {
        if (!AtSymbol(symbol))
        {
            return false;
        }

        _index++;
        return true;
    }

    public void ExpectWords(string construct, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (!AtWord(word))
            {
                throw Unexpected(construct, word.ToUpperInvariant());
            }

            _index++;
        }
    }

    public void ExpectSymbol(string construct, string symbol)
    {
        if (!TryTakeSymbol(symbol))
        {
            throw Unexpected(construct, $"'{symbol}'");
        }
    }

    /// <summary>A name where any bare word may stand, reserved or not: after AS or a dot.</summary>
    public SqlIdentifier TakeLabel(string construct) => TakeName(construct, static _ => true);

    /// <summary>A name of a column, relation or alias.</summary>
    public SqlIdentifier TakeColumnName(string construct) => TakeName(construct, SqlKeywords.CanBeColumnName);

    /// <summary>A name of a function or type.</summary>
    public SqlIdentifier TakeFunctionName(string construct) => TakeName(construct, SqlKeywords.CanBeFunctionName);

    /// <summary>A relation, collation or sampling method, with its schema if there is one.</summary>
    public QualifiedName TakeQualifiedName(string construct)
    {
        var name = TakeColumnName(construct);
        return TryTakeSymbol(".") ? new QualifiedName(name, TakeLabel(construct)) : new QualifiedName(name);
    }

    /// <summary>Reads <c>(name, name, ...)</c>.</summary>
    public SyntaxList<SqlIdentifier> TakeNames(string construct)
    {
        ExpectSymbol(construct, "(");
        var names = TakeList(() => TakeColumnName(construct));
        ExpectSymbol(construct, ")");
        return names;
    }

    /// <summary>Reads one or more items with commas between them.</summary>
    public SyntaxList<T> TakeList<T>(Func<T> takeItem)
    {
        var items = new List<T>();
        do
        {
            items.Add(takeItem());
        }
        while (TryTakeSymbol(","));

        return items.ToSyntaxList();
    }

    /// <summary>Goes one level deeper until the result is disposed.</summary>
    /// <exception cref="SqlNestingException">That is too deep.</exception>
    public Level Enter()
    {
        if (++_depth > options.MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new SqlNestingException(options.MaxDepth, Position);
        }

        return new Level(this);
    }

    /// <summary>Goes up by as many levels, in place of disposing each.</summary>
    public void Leave(int levels) => _depth -= levels;

    public SqlParseException Unexpected(string construct, string expected)
        => new(construct, $"{Current} stands where {expected} was expected, in {construct}.", Position);

    public SqlParseException Error(string construct, string message) => new(construct, message, Position);

    private SqlIdentifier TakeName(string construct, Func<string, bool> allowsWord)
    {
        var token = Current;
        var isName = token.Kind == SqlTokenKind.QuotedName || (token.Kind == SqlTokenKind.Word && allowsWord(token.Text));
        if (!isName)
        {
            throw Unexpected(construct, "a name");
        }

        if (SqlIdentifier.Defect(token.Text) is { } defect)
        {
            throw Error(construct, defect);
        }

        _index++;
        return new SqlIdentifier(token.Text);
    }

    /// <summary>A level of nesting that ends with its disposal.</summary>
    public readonly struct Level(TokenCursor cursor) : IDisposable
    {
        public void Dispose() => cursor._depth--;
    }
}
