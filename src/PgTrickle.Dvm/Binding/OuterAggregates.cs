using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// Aggregates that stand in sub-selects of one SELECT and are over its rows: the innermost query whose columns the arguments name is the one that computes them. In the sub-select a column stands
/// for the value, which is outside by then.
/// </summary>
internal sealed class OuterAggregates(BindingContext context)
{
    private readonly List<FunctionCall> _calls = [];
    private SqlIdentifier? _alias;

    public bool IsEmpty => _calls.Count == 0;

    /// <summary>The column that stands for a call.</summary>
    public ColumnReference Add(FunctionCall call)
    {
        _alias ??= context.NewName("a");
        if (!_calls.Contains(call))
        {
            _calls.Add(call);
        }

        return Column(_calls.IndexOf(call));
    }

    /// <summary>The call that a column stands for; null if it is none of these.</summary>
    public FunctionCall? Find(ColumnReference column) => _calls.Where((_, i) => Column(i) == column).FirstOrDefault();

    private ColumnReference Column(int call) => new(_alias!, Name(call));

    private static SqlIdentifier Name(int call) => new(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"outer{call + 1}"));
}
