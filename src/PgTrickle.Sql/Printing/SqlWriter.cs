using System.Text;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Printing;

/// <summary>Collects SQL text and knows where lines break.</summary>
internal sealed class SqlWriter(SqlLayout layout)
{
    private const int IndentWidth = 4;

    private readonly StringBuilder _text = new();
    private int _depth;

    public bool IsIndented => layout == SqlLayout.Indented;

    public SqlWriter Write(string text)
    {
        _text.Append(text);
        return this;
    }

    public SqlWriter Write(SqlIdentifier name) => Write(name.ToString());

    public SqlWriter Write(QualifiedName name) => Write(name.ToString());

    /// <summary>Starts a line; a blank in compact layout.</summary>
    public SqlWriter Line()
    {
        if (!IsIndented)
        {
            _text.Append(' ');
            return this;
        }

        _text.Append('\n').Append(' ', _depth * IndentWidth);
        return this;
    }

    /// <summary>Writes <paramref name="body"/> one level deeper, on lines of its own.</summary>
    public SqlWriter Block(Action body)
    {
        _depth++;
        Line();
        body();
        _depth--;
        return this;
    }

    /// <summary>Writes <paramref name="body"/> in parentheses, in indented layout on lines of its own.</summary>
    public SqlWriter ParenthesizedBlock(Action body)
    {
        _text.Append('(');
        _depth++;
        if (IsIndented)
        {
            Line();
        }

        body();
        _depth--;
        if (IsIndented)
        {
            Line();
        }

        _text.Append(')');
        return this;
    }

    /// <summary>Writes <paramref name="items"/> separated by commas.</summary>
    public SqlWriter List<T>(SyntaxList<T> items, Action<SqlWriter, T> print)
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
            {
                _text.Append(", ");
            }

            print(this, items[i]);
        }

        return this;
    }

    /// <summary>Writes <paramref name="items"/> separated by commas, in indented layout each on its line if there are several.</summary>
    public SqlWriter LineList<T>(SyntaxList<T> items, Action<SqlWriter, T> print)
    {
        if (items.Count == 1)
        {
            _text.Append(' ');
            print(this, items[0]);
            return this;
        }

        return Block(() =>
        {
            for (var i = 0; i < items.Count; i++)
            {
                if (i > 0)
                {
                    _text.Append(',');
                    Line();
                }

                print(this, items[i]);
            }
        });
    }

    /// <summary>Writes names separated by commas, in parentheses.</summary>
    public SqlWriter Names(SyntaxList<SqlIdentifier> names)
        => Write("(").List(names, static (w, n) => w.Write(n)).Write(")");

    public override string ToString() => _text.ToString();
}
