using System.Collections.Frozen;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>The type in which PostgreSQL unites values of several types, as far as it matters here: what is not sure is unknown.</summary>
internal static class CommonType
{
    /// <summary>Narrow to wide; of two of these the wider one is chosen.</summary>
    private static readonly FrozenDictionary<uint, TypeInfo> Wider = new Dictionary<uint, TypeInfo>
    {
        [TypeFacts.Int2] = WellKnownTypes.Integer,
        [TypeFacts.Int4] = WellKnownTypes.BigInteger,
        [TypeFacts.Int8] = WellKnownTypes.Numeric,
        [TypeFacts.Numeric] = WellKnownTypes.DoublePrecision,
    }.ToFrozenDictionary();

    /// <summary>The common type, or null if unknown.</summary>
    public static TypeInfo? Of(IReadOnlyList<TypeInfo?> types)
    {
        var common = types[0];
        foreach (var type in types.Skip(1))
        {
            common = common is null || type is null ? null : Of(common, type);
        }

        return common;
    }

    /// <summary>The columns of VALUES; NULLs take the type of the others.</summary>
    public static SyntaxList<ExpressionType> Of(ValuesBody values) => Enumerable.Range(0, values.Rows[0].Values.Count).Select(i =>
    {
        var column = values.Rows.Select(r => r.Values[i]).ToList();
        var types = column.Where(static v => v is not Literal { Kind: LiteralKind.Null }).Select(static v => ExpressionType.Of(v, static _ => null)).ToList();
        return new ExpressionType(types.Count == 0 ? null : Of(types.Select(static t => t.Type).ToList()), types.Count == column.Count && types.TrueForAll(static t => t.NotNull));
    }).ToSyntaxList();

    private static TypeInfo? Of(TypeInfo left, TypeInfo right)
    {
        if (left == right)
        {
            return left;
        }

        if (left.Oid == right.Oid)
        {
            // Modifiers differ, so the result has none.
            return left with { Modifier = -1, CollationIsDeterministic = left.CollationIsDeterministic && right.CollationIsDeterministic };
        }

        if (FunctionTypes.IsText(left) && FunctionTypes.IsText(right))
        {
            return WellKnownTypes.Text with { CollationIsDeterministic = left.CollationIsDeterministic && right.CollationIsDeterministic };
        }

        return Reaches(left.Oid, right) ?? Reaches(right.Oid, left);
    }

    private static TypeInfo? Reaches(uint narrow, TypeInfo wide)
    {
        for (var oid = narrow; Wider.TryGetValue(oid, out var next); oid = next.Oid)
        {
            if (next.Oid == wide.Oid)
            {
                return next;
            }
        }

        return null;
    }
}
