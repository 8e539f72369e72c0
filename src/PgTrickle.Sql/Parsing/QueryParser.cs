using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Parsing;

/// <summary>Reads queries: their bodies, set operations, and the clauses about the result.</summary>
internal sealed class QueryParser(ParserSet parsers)
{
    private const string Construct = "a query";

    private TokenCursor Cursor => parsers.Cursor;

    /// <summary>Whether a query without parentheses around it comes next.</summary>
    public bool AtQueryStart => Cursor.AtAnyWord("select", "values", "with", "table");

    public Query ParseQuery()
    {
        using var level = Cursor.Enter();
        var with = Cursor.AtWord("with") ? parsers.CommonTables.Parse() : null;
        return ParseClauses(ParseBody()) with { With = with };
    }

    /// <summary>
    /// Goes on after <c>(query</c> in parentheses: the whole query if set operations or clauses follow or if the parentheses merely
    /// stood in further ones; null if the query in parentheses turns out to be a value or an item of FROM.
    /// </summary>
    public Query? ParseAfterParentheses(Query query)
    {
        if (Cursor.AtSymbol(")"))
        {
            return query;
        }

        return Cursor.AtAnyWord("union", "intersect", "except", "order", "limit", "offset", "fetch", "for")
            ? ParseClauses(ParseOperations(ToBody(query), minimum: 0))
            : null;
    }

    /// <summary>A query in parentheses as part of another; parentheses about a bare body mean nothing.</summary>
    private static QueryBody ToBody(Query query) => query.Equals(new Query(query.Body)) ? query.Body : new NestedQuery(query);

    private QueryBody ParseBody() => ParseOperations(ParseOperand(), minimum: 0);

    /// <summary>INTERSECT binds tighter (1) than UNION and EXCEPT (0); all associate to the left.</summary>
    private QueryBody ParseOperations(QueryBody left, int minimum)
    {
        var levels = 0;
        try
        {
            while (Cursor.AtAnyWord("union", "intersect", "except"))
            {
                var precedence = Cursor.AtWord("intersect") ? 1 : 0;
                if (precedence < minimum)
                {
                    break;
                }

                var kind = TakeOperation();
                var all = Cursor.TryTakeWords("all");
                left = new SetOperation(left, kind, all, ParseOperations(ParseOperand(), precedence + 1));
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

    private SetOperationKind TakeOperation() => Cursor.Take().Text switch
    {
        "union" => SetOperationKind.Union,
        "intersect" => SetOperationKind.Intersect,
        _ => SetOperationKind.Except,
    };

    private QueryBody ParseOperand()
    {
        if (Cursor.AtSymbol("("))
        {
            return ToBody(parsers.Primaries.ParseSubquery(Construct));
        }

        if (Cursor.TryTakeWords("values"))
        {
            return new ValuesBody(Cursor.TakeList(() => new ValuesRow(parsers.Primaries.ParseListInParentheses("VALUES"))));
        }

        if (Cursor.TryTakeWords("table"))
        {
            var only = Cursor.TryTakeWords("only");
            var table = new TableReference(Cursor.TakeQualifiedName("TABLE")) { Only = only };
            return new SelectBody([new SelectTarget(new AllColumns())]) { From = [table] };
        }

        return parsers.Selects.Parse();
    }

    private Query ParseClauses(QueryBody body)
    {
        var query = new Query(body) { OrderBy = parsers.Windows.TryParseOrderBy() };
        var locking = new List<LockingClause>();
        while (true)
        {
            if (Cursor.TryTakeWords("offset"))
            {
                query = query with { Offset = parsers.Expressions.Parse() };
                _ = Cursor.TryTakeWords("rows") || Cursor.TryTakeWords("row");
            }
            else if (Cursor.TryTakeWords("limit"))
            {
                // LIMIT ALL is what PostgreSQL prints for LIMIT NULL.
                query = query with { Limit = Cursor.TryTakeWords("all") ? SqlFactory.Null : parsers.Expressions.Parse() };
            }
            else if (Cursor.AtWord("fetch"))
            {
                query = ParseFetch(query);
            }
            else if (Cursor.TryTakeWords("for"))
            {
                locking.Add(ParseLocking());
            }
            else
            {
                return query with { Locking = locking.ToSyntaxList() };
            }
        }
    }

    private Query ParseFetch(Query query)
    {
        const string Fetch = "FETCH";
        Cursor.ExpectWords(Fetch, "fetch");
        if (!Cursor.TryTakeWords("first"))
        {
            Cursor.ExpectWords(Fetch, "next");
        }

        SqlExpression limit = Cursor.AtAnyWord("row", "rows") ? SqlFactory.Integer(1) : parsers.Primaries.Parse();
        if (!Cursor.TryTakeWords("row"))
        {
            Cursor.ExpectWords(Fetch, "rows");
        }

        var withTies = Cursor.TryTakeWords("with", "ties");
        if (!withTies)
        {
            Cursor.ExpectWords(Fetch, "only");
        }

        return query with { Limit = limit, WithTies = withTies };
    }

    private LockingClause ParseLocking()
    {
        var strength = TakeStrength();
        var relations = Cursor.TryTakeWords("of") ? Cursor.TakeList(() => Cursor.TakeColumnName("FOR UPDATE")) : [];
        if (Cursor.TryTakeWords("nowait"))
        {
            return new LockingClause(strength, relations, LockWait.NoWait);
        }

        return new LockingClause(strength, relations, Cursor.TryTakeWords("skip", "locked") ? LockWait.SkipLocked : LockWait.Block);
    }

    private LockStrength TakeStrength()
    {
        if (Cursor.TryTakeWords("update"))
        {
            return LockStrength.Update;
        }

        if (Cursor.TryTakeWords("no", "key", "update"))
        {
            return LockStrength.NoKeyUpdate;
        }

        if (Cursor.TryTakeWords("key", "share"))
        {
            return LockStrength.KeyShare;
        }

        Cursor.ExpectWords("a locking clause", "share");
        return LockStrength.Share;
    }
}
