using System.Collections.Frozen;

namespace PgTrickle.Sql.Syntax;

/// <summary>
/// The keywords of PostgreSQL 15 to 18 that can't be used bare as any kind of name: all but the "unreserved" ones of
/// <c>pg_get_keywords()</c>, in the union of the versions, since text printed for one may be read by another.
/// </summary>
internal static class SqlKeywords
{
    private static readonly FrozenSet<string> Reserved = Words("""
        all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create current_catalog
        current_date current_role current_time current_timestamp current_user default deferrable desc distinct do else end except
        false fetch for foreign from grant group having in initially intersect into lateral leading limit localtime localtimestamp
        not null offset on only or order placing primary references returning select session_user some symmetric system_user table
        then to trailing true union unique user using variadic when where window with
        """);

    private static readonly FrozenSet<string> TypeOrFunctionNames = Words("""
        authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull join left like natural
        notnull outer overlaps right similar tablesample verbose
        """);

    private static readonly FrozenSet<string> ColumnNames = Words("""
        between bigint bit boolean char character coalesce dec decimal exists extract float greatest grouping inout int integer
        interval json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize
        json_table json_value least merge_action national nchar none normalize nullif numeric out overlay position precision real
        row setof smallint substring time timestamp treat trim values varchar xmlattributes xmlconcat xmlelement xmlexists xmlforest
        xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
        """);

    /// <summary>
    /// Words that PostgreSQL counts as unreserved although at some place, such as the start of a window or of WITH, its grammar takes them for the keyword.
    /// </summary>
    private static readonly FrozenSet<string> Ambiguous =
        Words("cube current groups nested operator partition range recursive rollup rows unbounded");

    /// <summary>Those that are no names at all in some place, in lower case.</summary>
    public static IEnumerable<string> NotUnreserved => Reserved.Concat(TypeOrFunctionNames).Concat(ColumnNames);

    /// <summary>Whether a bare <paramref name="word"/> (in lower case) can name a column or relation.</summary>
    public static bool CanBeColumnName(string word) => !Reserved.Contains(word) && !TypeOrFunctionNames.Contains(word);

    /// <summary>Whether a bare <paramref name="word"/> (in lower case) can name a function or type.</summary>
    public static bool CanBeFunctionName(string word) => !Reserved.Contains(word) && !ColumnNames.Contains(word);

    /// <summary>Whether PostgreSQL would read <paramref name="name"/> as anything but itself when it isn't quoted.</summary>
    public static bool NeedsQuotes(string name)
        => !IsPlain(name) || Reserved.Contains(name) || TypeOrFunctionNames.Contains(name) || ColumnNames.Contains(name)
            || Ambiguous.Contains(name);

    private static bool IsPlain(string name)
    {
        if (name[0] is not ((>= 'a' and <= 'z') or '_'))
        {
            return false;
        }

        foreach (var c in name)
        {
            if (c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '_'))
            {
                return false;
            }
        }

        return true;
    }

    private static FrozenSet<string> Words(string text)
        => text.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
}
