using PgTrickle.Dvm.Operators;

namespace PgTrickle.Dvm.Passes;

/// <summary>A rewrite of the operator tree that keeps its columns and its meaning. One that finds nothing to do returns the same reference.</summary>
internal interface IPass
{
    /// <summary>Its name in explanations and tests.</summary>
    string Name { get; }

    /// <summary>The rewritten tree.</summary>
    Operator Apply(Operator root);
}
