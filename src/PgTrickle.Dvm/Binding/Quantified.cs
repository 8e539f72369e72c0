using System.Collections.Frozen;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Binding;

/// <summary>EXISTS, IN, ANY or ALL before it is bound.</summary>
/// <param name="Kind">ANY or ALL; null for EXISTS.</param>
/// <param name="Left">The left operand of the comparison.</param>
/// <param name="Operator">The operator of the comparison.</param>
/// <param name="Query">The sub-select.</param>
internal sealed record Quantified(Quantifier? Kind, SqlExpression? Left, OperatorName? Operator, Query Query)
{
    private static readonly FrozenDictionary<string, string> Negators = new Dictionary<string, string>
    {
        ["="] = "<>",
        ["<>"] = "=",
        ["<"] = ">=",
        [">="] = "<",
        [">"] = "<=",
        ["<="] = ">",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>What an expression asks of a sub-select; null if it is none of these.</summary>
    public static Quantified? Of(SqlNode node) => node switch
    {
        SubqueryExpression { Kind: SubqueryKind.Exists } exists => new(null, null, null, exists.Query),
        InSubquery @in => new(Quantifier.Any, @in.Operand, "=", @in.Query),
        SubqueryComparison comparison => new(comparison.Quantifier, comparison.Left, comparison.Operator, comparison.Query),
        _ => null,
    };

    /// <summary>The operands of a comparison with a row: one for each of its columns.</summary>
    public SyntaxList<SqlExpression> Operands => Left is RowConstructor row ? row.Elements : Left is null ? [] : [Left];

    /// <summary>The comparison of the operands with a row of the sub-select.</summary>
    public SqlExpression Compare(SyntaxList<SqlExpression> operands, SyntaxList<SqlExpression> values)
    {
        if (operands.Count == 1)
        {
            return Binary(operands[0], Operator!, values[0]);
        }

        return Operator is { Schema: null, Symbol: "=" }
            ? And(operands.Zip(values, static (o, v) => Eq(o, v)))
            : Binary(Row(operands), Operator!, Row(values));
    }

    /// <summary>The comparison that holds where this one is false, given that it is not NULL.</summary>
    public Quantified? Negated()
        => Operator is { Schema: null } name && Negators.TryGetValue(name.Symbol, out var negator) ? this with { Operator = negator } : null;

    /// <summary>Whether the comparison is NULL just where one of its operands is.</summary>
    public bool IsStrict => Operator is { Schema: null } name && Negators.ContainsKey(name.Symbol) && Operands.Count == 1;
}
