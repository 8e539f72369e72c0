using System.Globalization;

namespace PgTrickle.Wire;

/// <summary>A version of the protocol as startup packets carry it.</summary>
/// <param name="Major">3 for everything that is spoken today.</param>
/// <param name="Minor">0; 2 since PostgreSQL 18, with cancel keys of variable length.</param>
public readonly record struct ProtocolVersion(ushort Major, ushort Minor) : IComparable<ProtocolVersion>
{
    /// <summary>What every server since 7.4 speaks.</summary>
    public static ProtocolVersion V30 { get; } = new(3, 0);

    /// <summary>What PostgreSQL 18 speaks when a client asks for it.</summary>
    public static ProtocolVersion V32 { get; } = new(3, 2);

    /// <summary>The 32 bits of a startup packet.</summary>
    public int Code => (Major << 16) | Minor;

    /// <summary>Takes the 32 bits of a startup packet apart.</summary>
    public static ProtocolVersion FromCode(int code) => new((ushort)(code >>> 16), (ushort)code);

    /// <inheritdoc/>
    public int CompareTo(ProtocolVersion other) => ((uint)Code).CompareTo((uint)other.Code);

    /// <summary>Whether one version is older than the other.</summary>
    public static bool operator <(ProtocolVersion left, ProtocolVersion right) => left.CompareTo(right) < 0;

    /// <summary>Whether one version is newer than the other.</summary>
    public static bool operator >(ProtocolVersion left, ProtocolVersion right) => left.CompareTo(right) > 0;

    /// <summary>Whether one version is as old as the other, or older.</summary>
    public static bool operator <=(ProtocolVersion left, ProtocolVersion right) => left.CompareTo(right) <= 0;

    /// <summary>Whether one version is as new as the other, or newer.</summary>
    public static bool operator >=(ProtocolVersion left, ProtocolVersion right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");
}
