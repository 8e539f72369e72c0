using PgTrickle.Actors.Contracts.Protos;

namespace PgTrickle.Actors.Contracts.Serialization;

/// <summary>Conversions that several codecs share.</summary>
internal static class Primitives
{
    public static StreamTableRef ToProto(this StreamTableId id) => new() { Database = id.Database, PgtId = id.PgtId };

    public static StreamTableId ToId(this StreamTableRef? id) => id is null ? default : new StreamTableId(id.Database, id.PgtId);

    /// <summary>Microseconds since 1970, PostgreSQL's precision.</summary>
    public static long ToMicroseconds(this DateTimeOffset instant) => (instant - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset ToInstant(this long microseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    /// <summary>proto3 has no null strings.</summary>
    public static string OrEmpty(this string? text) => text ?? "";

    public static string? OrNull(this string text) => text.Length == 0 ? null : text;

    /// <summary>A keyword that this release does not know becomes the given default instead of an error.</summary>
    public static T ToEnum<T>(this string keyword, T unknown)
        where T : struct, Enum => Enum.TryParse<T>(keyword, out var value) ? value : unknown;

    public static string Keyword<T>(this T value)
        where T : struct, Enum => value.ToString();
}
