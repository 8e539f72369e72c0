using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Apply;

/// <summary>
/// Which rows of the stream table change: one row each with <see cref="Target.Tid"/>, <see cref="Target.Keep"/>, the new values, and the old visible ones if
/// a buffer wants them. Whatever the rule, this is what is applied, counted and passed on, so the three agree.
/// </summary>
/// <param name="Tables">The WITH queries that it is made of.</param>
/// <param name="Body">The rows.</param>
/// <param name="Fixed">Places of columns that an update leaves as they are.</param>
internal sealed record ChangeSet(IReadOnlyList<CommonTableExpression> Tables, QueryBody Body, IReadOnlySet<int> Fixed);
