using System.Collections.Frozen;

namespace PgTrickle.Dvm.Catalog;

/// <summary>What is known of PostgreSQL's built-in types; their OIDs are fixed (pg_type.dat).</summary>
public static class TypeFacts
{
    /// <summary>bool.</summary>
    public const uint Bool = 16;

    /// <summary>int8.</summary>
    public const uint Int8 = 20;

    /// <summary>int2.</summary>
    public const uint Int2 = 21;

    /// <summary>int4.</summary>
    public const uint Int4 = 23;

    /// <summary>text.</summary>
    public const uint Text = 25;

    /// <summary>float4.</summary>
    public const uint Float4 = 700;

    /// <summary>float8.</summary>
    public const uint Float8 = 701;

    /// <summary>bpchar.</summary>
    public const uint Bpchar = 1042;

    /// <summary>varchar.</summary>
    public const uint Varchar = 1043;

    /// <summary>date.</summary>
    public const uint Date = 1082;

    /// <summary>timestamp.</summary>
    public const uint Timestamp = 1114;

    /// <summary>timestamptz.</summary>
    public const uint Timestamptz = 1184;

    /// <summary>numeric.</summary>
    public const uint Numeric = 1700;

    /// <summary>The longest text in characters of which a few fit into an index entry in any encoding.</summary>
    private const int LongestIndexedText = 200;

    // bool, bytea, "char", name, int8, int2, int4, text, oid, cid, regclass and kin, date, time, timestamp, timestamptz, timetz is not one
    // (two zones, one instant differ in image and in =, but it is kept out for its rarity), uuid, macaddr, macaddr8, xid8, pg_lsn, money.
    private static readonly FrozenSet<uint> ImageEqual = FrozenSet.Create<uint>(
        Bool, 17, 18, 19, Int8, Int2, Int4, Text, 26, Varchar, Date, 1083, Timestamp, Timestamptz, 2950, 829, 774, 5069, 3220, 790, 2205, 2202, 2203);

    private static readonly FrozenSet<uint> FixedSize = FrozenSet.Create<uint>(
        Bool, 18, 19, Int8, Int2, Int4, 26, Float4, Float8, Date, 1083, Timestamp, Timestamptz, 1266, 1186, 2950, 829, 774, 5069, 3220, 790, 869, 650);

    /// <summary>Whether values that are equal are the same bytes.</summary>
    /// <param name="baseOid">The type under all domains.</param>
    /// <param name="modifier">Its modifier, or -1: a numeric with a scale stores every value with that scale.</param>
    public static bool IsImageEqual(uint baseOid, int modifier)
        => ImageEqual.Contains(baseOid) || (baseOid is Numeric or Bpchar && modifier >= 0);

    /// <summary>Whether the type is a numeric or one of fixed size; none of these has a collation.</summary>
    public static bool IsScalar(uint baseOid) => FixedSize.Contains(baseOid) || baseOid == Numeric;

    /// <summary>Whether every value of the type fits into an index entry beside others.</summary>
    public static bool IsBounded(uint baseOid, int modifier)
        => FixedSize.Contains(baseOid)
            || (baseOid == Numeric && modifier >= 0)
            || (baseOid is Varchar or Bpchar && modifier is >= 4 and <= LongestIndexedText + 4);

    /// <summary>The scale that the modifier of a numeric declares, or null: numeric(p,s) keeps s in the low 11 bits, biased by a header of four bytes.</summary>
    public static int? NumericScale(int modifier)
    {
        if (modifier < 0)
        {
            return null;
        }

        // Sign extension of the 11 bits: since 15 a scale may be negative.
        var scale = (((modifier - 4) & 0x7ff) ^ 0x400) - 0x400;
        return Math.Max(scale, 0);
    }
}
