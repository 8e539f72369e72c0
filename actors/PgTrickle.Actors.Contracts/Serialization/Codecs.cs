namespace PgTrickle.Actors.Contracts.Serialization;

/// <summary>Every codec, in one place.</summary>
internal static class Codecs
{
    public static IReadOnlyList<ContractCodec> All { get; } =
        [.. StreamTableCodecs.All, .. CoordinatorCodecs.All, .. JournalCodecs.All];
}
