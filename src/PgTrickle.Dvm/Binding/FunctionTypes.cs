using System.Collections.Frozen;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>Result types of built-in functions and operators that are often grouped by.</summary>
internal static class FunctionTypes
{
    private static readonly FrozenSet<string> OfText = FrozenSet.Create(StringComparer.Ordinal,
        "upper", "lower", "initcap", "btrim", "ltrim", "rtrim", "substr", "substring", "replace", "left", "right", "lpad", "rpad", "split_part", "concat", "concat_ws", "to_char",
        "md5", "translate", "reverse", "repeat", "regexp_replace", "string_agg");

    private static readonly FrozenSet<string> OfInteger = FrozenSet.Create(StringComparer.Ordinal, "length", "char_length", "strpos", "ascii", "octet_length");

    /// <summary>The type of a call's value, or null if unknown.</summary>
    public static TypeInfo? ResultOf(string name, IReadOnlyList<(SqlExpression Value, TypeInfo? Type)> arguments)
        => OfText.Contains(name) ? Text(arguments)
            : OfInteger.Contains(name) ? WellKnownTypes.Integer
            : name == "date_part" ? WellKnownTypes.DoublePrecision
            : name == "date_bin" && arguments.Count == 3 ? arguments[1].Type
            : name == "date_trunc" && arguments.Count == 2 && arguments[1].Type?.BaseOid is TypeFacts.Timestamp or TypeFacts.Timestamptz ? arguments[1].Type
            : null;

    /// <summary>The type of <c>left || right</c>.</summary>
    public static TypeInfo? Concatenation((SqlExpression Value, TypeInfo? Type) left, (SqlExpression Value, TypeInfo? Type) right)
        => IsText(left.Type) || IsText(right.Type) ? Text([left, right]) : null;

    public static bool IsText(TypeInfo? type) => type?.BaseOid is TypeFacts.Text or TypeFacts.Varchar;

    /// <summary>Text under the collation of the arguments: only if all of them are known can it be told whether that is one by which different texts are equal.</summary>
    private static TypeInfo? Text(IReadOnlyList<(SqlExpression Value, TypeInfo? Type)> arguments)
        => arguments.All(static a => a.Value is Literal || a.Type is { IsArray: false, CollationIsDeterministic: true }) ? WellKnownTypes.Text : null;
}
