using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// Tells equalities that rules may group and index by from those that they may not. A comparison has one collation, to which its operands need not have come: where the column on one
/// side takes a and A for equal and that on the other does not, rows of the other side that are partners of the same row have different keys there.
/// </summary>
internal sealed class Collations(CatalogSnapshot catalog)
{
    /// <summary>The same operator by its full name, which no rule takes for an equality of keys.</summary>
    private static readonly OperatorName Named = new(new SqlIdentifier("pg_catalog"), "=");

    private readonly bool _isAnyFolding = catalog.Relations.Any(static r => r.Columns.Any(static c => !c.Type.CollationIsDeterministic));
    private readonly Dictionary<ColumnReference, TypeInfo?> _types = [];

    /// <summary>Takes note of an item of FROM, to whose columns expressions may refer.</summary>
    public void Know(Operator item)
    {
        foreach (var column in item.Columns)
        {
            _types[column.Reference] = column.Type;
        }
    }

    /// <summary>An equality, under its full name if its operands are not compared in the way in which each of them is grouped; any other node as it is.</summary>
    public SqlNode Settle(SqlNode node) => node is BinaryExpression { Operator: { Schema: null, Symbol: "=" } } equality && !IsOfKeys(equality.Left, equality.Right)
        ? equality with { Operator = Named }
        : node;

    private bool IsOfKeys(SqlExpression left, SqlExpression right)
    {
        if (!left.References().Any() || !right.References().Any())
        {
            return true;
        }

        return (Folds(left), Folds(right)) is (false, false) or (true, true) && (Folds(left) == false || (left is ColumnReference && right is ColumnReference));
    }

    /// <summary>Whether a value is grouped under a collation that takes different texts for equal; null if that can't be told.</summary>
    private bool? Folds(SqlExpression value)
    {
        if (value.DescendantsAndSelf().OfType<Collate>().Any(static c => c.Collation.Schema is { Value: not "pg_catalog" }))
        {
            return null;
        }

        if (!_isAnyFolding || value is Collate)
        {
            return false;
        }

        var types = value.References().Select(_types.GetValueOrDefault).ToList();
        return types.Exists(static t => t is { CollationIsDeterministic: false }) ? true : types.Contains(null) ? null : false;
    }
}
