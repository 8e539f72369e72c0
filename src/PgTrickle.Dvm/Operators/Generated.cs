using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Operators;

/// <summary>A column of generated rows.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type, if known.</param>
/// <param name="NotNull">Whether it is never NULL.</param>
internal sealed record GeneratedColumn(SqlIdentifier Name, TypeInfo? Type, bool NotNull);

/// <summary>Rows that functions make of their arguments and of nothing else: set-returning functions in FROM and in a select list, JSON_TABLE, XMLTABLE.</summary>
/// <param name="Alias">The relation's name.</param>
/// <param name="Rows">The item of FROM, without alias; expressions in it may refer to columns of an operator that this one depends on.</param>
/// <param name="Outputs">Its columns.</param>
internal sealed record Generated(SqlIdentifier Alias, FromItem Rows, SyntaxList<GeneratedColumn> Outputs) : Operator, ILinear
{
    public override SyntaxList<BoundColumn> Columns
        => Outputs.Select(o => new BoundColumn(new ColumnReference(Alias, o.Name), o.Type, o.NotNull)).ToSyntaxList();

    public override SyntaxList<Operator> Inputs => [];

    /// <summary>The expressions that the rows are made of.</summary>
    public IEnumerable<SqlExpression> Expressions => Outermost(Rows);

    public override Operator WithInputs(SyntaxList<Operator> inputs) => this;

    /// <summary>The same rows made of other expressions.</summary>
    public Generated WithExpressions(Func<SqlExpression, SqlExpression> map)
        => new OutermostExpressions(map).Visit(Rows) is var rows && ReferenceEquals(rows, Rows) ? this : this with { Rows = rows };

    /// <summary>The item of FROM with its alias and the names of its columns.</summary>
    public FromItem Item()
    {
        var alias = new TableAlias(Alias, Rows is FunctionTable { Functions: [{ Columns.IsEmpty: false }] } ? [] : Outputs.Select(static o => o.Name).ToSyntaxList());
        return Rows switch
        {
            FunctionTable functions => functions with { Alias = alias },
            XmlTable xml => xml with { Alias = alias },
            JsonTable json => json with { Alias = alias },
            DerivedTable derived => derived with { Alias = alias },
            _ => Rows,
        };
    }

    private static IEnumerable<SqlExpression> Outermost(SqlNode node) => node is SqlExpression expression ? [expression] : node.Children.SelectMany(Outermost);

    private sealed class OutermostExpressions(Func<SqlExpression, SqlExpression> map) : SqlRewriter
    {
        protected override SqlNode VisitNode(SqlNode node) => node is SqlExpression expression ? map(expression) : base.VisitNode(node);
    }
}
