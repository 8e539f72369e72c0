using PgTrickle.Sql.Lexing;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Parsing;

/// <summary>Reads the items of FROM.</summary>
internal sealed class FromParser(ParserSet parsers)
{
    private const string Construct = "FROM";

    private TokenCursor Cursor => parsers.Cursor;

    public FromItem Parse()
    {
        using var level = Cursor.Enter();
        return ParseJoinsAfter(ParseItem());
    }

    private FromItem ParseJoinsAfter(FromItem left)
    {
        var levels = 0;
        try
        {
            while (TryTakeJoin() is { } kind)
            {
                var right = ParseItem();
                left = new JoinedTable(left, kind, right, kind == JoinKind.Cross ? null : ParseCondition());
                levels++;
                _ = Cursor.Enter();
            }
        }
        finally
        {
            Cursor.Leave(levels);
        }

        return left;
    }

    private JoinKind? TryTakeJoin()
    {
        if (Cursor.AtWord("natural"))
        {
            throw Cursor.Error(Construct, "NATURAL isn't part of canonical text.");
        }

        if (Cursor.TryTakeWords("cross"))
        {
            Cursor.ExpectWords(Construct, "join");
            return JoinKind.Cross;
        }

        if (Cursor.TryTakeWords("join") || Cursor.TryTakeWords("inner", "join"))
        {
            return JoinKind.Inner;
        }

        if (!Cursor.AtAnyWord("left", "right", "full"))
        {
            return null;
        }

        var kind = Cursor.Take().Text switch
        {
            "left" => JoinKind.Left,
            "right" => JoinKind.Right,
            _ => JoinKind.Full,
        };
        Cursor.TryTakeWords("outer");
        Cursor.ExpectWords(Construct, "join");
        return kind;
    }

    private JoinCondition ParseCondition()
    {
        if (Cursor.TryTakeWords("using"))
        {
            var columns = Cursor.TakeNames("USING");
            return new JoinUsing(columns, Cursor.TryTakeWords("as") ? Cursor.TakeColumnName("USING") : null);
        }

        Cursor.ExpectWords("JOIN", "on");
        return new JoinOn(parsers.Expressions.Parse());
    }

    private FromItem ParseItem()
    {
        if (Cursor.AtSymbol("("))
        {
            var content = ParseParentheses();
            return content.Query is { } query ? new DerivedTable(query) { Alias = TryParseAlias() } : WithJoinAlias(content.Item!);
        }

        var lateral = Cursor.TryTakeWords("lateral");
        if (lateral && Cursor.AtSymbol("("))
        {
            var query = parsers.Primaries.ParseSubquery("LATERAL");
            return new DerivedTable(query) { Lateral = true, Alias = TryParseAlias() };
        }

        if (Cursor.AtWord("xmltable"))
        {
            return parsers.Xml.ParseTable() with { Lateral = lateral, Alias = TryParseAlias() };
        }

        if (Cursor.AtWord("json_table") && Cursor.Peek().IsPunctuation("("))
        {
            return parsers.JsonPaths.ParseTable() with { Lateral = lateral, Alias = TryParseAlias() };
        }

        if (Cursor.AtWords("rows", "from") && Cursor.Peek(2).IsPunctuation("("))
        {
            return ParseRowsFrom() with { Lateral = lateral };
        }

        return AtCall ? ParseFunction() with { Lateral = lateral } : ParseTable();
    }

    /// <summary>A join in parentheses may have an alias; only that keeps the parentheses' meaning.</summary>
    private FromItem WithJoinAlias(FromItem item)
        => item is JoinedTable { Alias: null } join && TryParseAlias() is { } alias ? join with { Alias = alias } : item;

    /// <summary>Reads <c>(query)</c> or <c>(join)</c>, which start alike however many parentheses there are.</summary>
    private (Query? Query, FromItem? Item) ParseParentheses()
    {
        using var level = Cursor.Enter();
        Cursor.ExpectSymbol(Construct, "(");
        var content = ParseParenthesizedContent();
        Cursor.ExpectSymbol(Construct, ")");
        return content;
    }

    private (Query? Query, FromItem? Item) ParseParenthesizedContent()
    {
        if (parsers.Queries.AtQueryStart)
        {
            return (parsers.Queries.ParseQuery(), null);
        }

        if (!Cursor.AtSymbol("("))
        {
            return (null, Parse());
        }

        var inner = ParseParentheses();
        if (inner.Query is { } query && parsers.Queries.ParseAfterParentheses(query) is { } whole)
        {
            return (whole, null);
        }

        var first = inner.Query is { } derived ? new DerivedTable(derived) { Alias = TryParseAlias() } : WithJoinAlias(inner.Item!);
        return (null, ParseJoinsAfter(first));
    }

    /// <summary>Whether a function comes next, be it one that the grammar knows by keyword.</summary>
    private bool AtCall
    {
        get
        {
            if (Cursor.Current.Kind is not (SqlTokenKind.Word or SqlTokenKind.QuotedName) || Cursor.AtWord("only"))
            {
                return false;
            }

            return Cursor.Peek().IsPunctuation("(")
                || (Cursor.Peek().IsPunctuation(".") && Cursor.Peek(3).IsPunctuation("("))
                || (Cursor.Current.Kind == SqlTokenKind.Word && SqlValueNames.Kind(Cursor.Current.Text) is not null)
                || Cursor.AtWords("collation", "for");
        }
    }

    private TableReference ParseTable()
    {
        var only = Cursor.TryTakeWords("only");
        var parentheses = only && Cursor.TryTakeSymbol("(");
        var name = Cursor.TakeQualifiedName(Construct);
        if (parentheses)
        {
            Cursor.ExpectSymbol("ONLY", ")");
        }

        return new TableReference(name) { Only = only, Alias = TryParseAlias(), Sample = TryParseSample() };
    }

    private TableSample? TryParseSample()
    {
        const string Sample = "TABLESAMPLE";
        if (!Cursor.TryTakeWords("tablesample"))
        {
            return null;
        }

        var method = Cursor.TakeFunctionName(Sample);
        var name = Cursor.TryTakeSymbol(".") ? new QualifiedName(method, Cursor.TakeLabel(Sample)) : new QualifiedName(method);
        var arguments = parsers.Primaries.ParseListInParentheses(Sample);
        SqlExpression? seed = null;
        if (Cursor.TryTakeWords("repeatable"))
        {
            Cursor.ExpectSymbol(Sample, "(");
            seed = parsers.Expressions.Parse();
            Cursor.ExpectSymbol(Sample, ")");
        }

        return new TableSample(name, arguments, seed);
    }

    private FunctionTable ParseFunction()
    {
        var call = parsers.Primaries.Parse();
        var ordinality = Cursor.TryTakeWords("with", "ordinality");
        var named = Cursor.TryTakeWords("as");
        SqlIdentifier? name = AtAliasName || (named && !Cursor.AtSymbol("(")) ? Cursor.TakeColumnName("an alias") : null;
        SyntaxList<ColumnDefinition> definitions = [];
        SyntaxList<SqlIdentifier> columns = [];
        if ((named || name is not null) && Cursor.AtSymbol("("))
        {
            var isDefinition = !(Cursor.Peek(2).IsPunctuation(",") || Cursor.Peek(2).IsPunctuation(")"));
            definitions = isDefinition ? ParseColumnDefinitions() : [];
            columns = isDefinition ? [] : Cursor.TakeNames("an alias");
        }

        var alias = name is null ? null : new TableAlias(name, columns);
        return new FunctionTable([new TableFunction(call, definitions)]) { WithOrdinality = ordinality, Alias = alias };
    }

    private FunctionTable ParseRowsFrom()
    {
        Cursor.ExpectWords("ROWS FROM", "rows", "from");
        Cursor.ExpectSymbol("ROWS FROM", "(");
        var functions = Cursor.TakeList(() =>
        {
            var call = parsers.Primaries.Parse();
            return new TableFunction(call, Cursor.TryTakeWords("as") ? ParseColumnDefinitions() : []);
        });
        Cursor.ExpectSymbol("ROWS FROM", ")");
        var ordinality = Cursor.TryTakeWords("with", "ordinality");
        return new FunctionTable(functions) { RowsFrom = true, WithOrdinality = ordinality, Alias = TryParseAlias() };
    }

    private SyntaxList<ColumnDefinition> ParseColumnDefinitions()
    {
        const string Definitions = "column definitions";
        Cursor.ExpectSymbol(Definitions, "(");
        var columns = Cursor.TakeList(() =>
        {
            var name = Cursor.TakeColumnName(Definitions);
            var type = parsers.Types.Parse();
            return new ColumnDefinition(name, type, Cursor.TryTakeWords("collate") ? Cursor.TakeQualifiedName("COLLATE") : null);
        });
        Cursor.ExpectSymbol(Definitions, ")");
        return columns;
    }

    private bool AtAliasName => Cursor.Current.Kind == SqlTokenKind.QuotedName
        || (Cursor.Current.Kind == SqlTokenKind.Word && SqlKeywords.CanBeColumnName(Cursor.Current.Text));

    private TableAlias? TryParseAlias()
    {
        if (!Cursor.TryTakeWords("as") && !AtAliasName)
        {
            return null;
        }

        var name = Cursor.TakeColumnName("an alias");
        return new TableAlias(name, Cursor.AtSymbol("(") ? Cursor.TakeNames("an alias") : []);
    }
}
