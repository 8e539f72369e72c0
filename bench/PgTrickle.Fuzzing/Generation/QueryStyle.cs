namespace PgTrickle.Fuzzing.Generation;

/// <summary>What kind of queries are generated.</summary>
internal enum QueryStyle
{
    /// <summary>Small ones from the whole grammar; what SQL leaves open can't be seen in the result.</summary>
    Plain,

    /// <summary>
    /// What SQL leaves open is seen: orders have ties, sums of floats depend on the order of addition, a group shows one of equal values. All of that is below the top, where the
    /// compiler settles it.
    /// </summary>
    Open,

    /// <summary>Larger ones, with more in one SELECT and more constants.</summary>
    Dense,
}
