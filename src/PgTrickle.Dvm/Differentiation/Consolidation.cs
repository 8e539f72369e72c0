using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Differentiation;

/// <summary>A column to group or compare by image.</summary>
/// <param name="Name">Its name within the rows at hand.</param>
/// <param name="Type">Its type; null if unknown, which goes by text.</param>
internal sealed record ImageColumn(SqlIdentifier Name, TypeInfo? Type);

/// <summary>
/// Identity by image: 1.0 and 1.00 are equal but not identical. Types whose <c>=</c> does mean identity are compared by it; others by it and their text,
/// and those without equality by text alone.
/// </summary>
internal static class Consolidation
{
    private static readonly TypeName TextType = TypeName.Named("text");

    private static readonly QualifiedName ByteOrder = new(new SqlIdentifier("pg_catalog"), new SqlIdentifier("C"));

    /// <summary>The name of the weight column.</summary>
    public static SqlIdentifier Weight { get; } = new("__pgt_w");

    /// <summary>The value as text that is compared byte by byte, whatever collation the value has.</summary>
    public static SqlExpression AsText(SqlExpression value) => new Collate(Cast(value, TextType), ByteOrder);

    public static SqlExpression AsBigInteger(SqlExpression value) => Cast(value, TypeName.Standard("bigint"));

    /// <summary>Whether two values are not the same image; NULL is identical to NULL.</summary>
    public static SqlExpression Differs(SqlExpression left, SqlExpression right, TypeInfo? type)
        => type?.IsImageEqual == true ? IsDistinctFrom(left, right) : IsDistinctFrom(AsText(left), AsText(right));

    /// <summary>Whether two values are the same image; NULL is identical to NULL.</summary>
    public static SqlExpression IsSame(SqlExpression left, SqlExpression right, TypeInfo? type)
        => type?.IsImageEqual == true ? IsNotDistinctFrom(left, right) : IsNotDistinctFrom(AsText(left), AsText(right));

    /// <summary>What identifies a value in GROUP BY.</summary>
    public static IEnumerable<SqlExpression> Identity(SqlExpression value, TypeInfo? type) => type switch
    {
        { IsImageEqual: true } => [value],
        { HasEquality: true } => [value, AsText(value)],
        _ => [AsText(value)],
    };

    /// <summary>The value itself, out of a group of identical ones.</summary>
    public static SqlExpression Value(SqlExpression value, TypeInfo type) => type.HasEquality
        ? value

        // The text is the identity, and reads back as the same value. All texts of the group are the same; min() is what makes that plain to PostgreSQL.
        : Cast(Call("min", AsText(value)), TypeName.Named(type.Name));

    /// <summary>
    /// The rows of a Z-set with the weights of identical rows added, and those of weight 0 dropped.
    /// </summary>
    /// <param name="rows">A relation with the columns and <see cref="Weight"/>.</param>
    /// <param name="alias">The relation's alias.</param>
    /// <param name="columns">The columns.</param>
    public static SelectBody Select(FromItem rows, SqlIdentifier alias, IReadOnlyList<ImageColumn> columns)
    {
        if (columns.Any(static c => c.Type is not { IsKnown: true }))
        {
            return SelectFirst(rows, alias, columns);
        }

        var sum = Sum(Column(alias, Weight));
        var targets = columns.Select(c => Value(Column(alias, c.Name), c.Type!).As(c.Name)).Append(AsBigInteger(sum).As(Weight));
        return Sql.SqlFactory.Select(targets) with
        {
            From = [rows],
            GroupBy = GroupBy(columns.SelectMany(c => Identity(Column(alias, c.Name), c.Type))),
            Having = NotEq(sum, Integer(0)),
        };
    }

    /// <summary>The same where a type is unknown: no aggregate is known to give any of a group's values, but DISTINCT ON does.</summary>
    private static SelectBody SelectFirst(FromItem rows, SqlIdentifier alias, IReadOnlyList<ImageColumn> columns)
    {
        var identity = columns.SelectMany(c => Column(alias, c.Name) is var value && c.Type is { IsOrdered: true } ? Identity(value, c.Type) : [AsText(value)]).ToSyntaxList();
        var sum = Sum(Column(alias, Weight)) with { Over = new WindowSpecification { PartitionBy = identity } };
        var first = Sql.SqlFactory.Select(columns.Select(c => Column(alias, c.Name).As(c.Name)).Append(AsBigInteger(sum).As(Weight))) with
        {
            From = [rows],
            Distinct = new DistinctClause(identity),
        };
        return Sql.SqlFactory.Select(columns.Select(c => Column(alias, c.Name).As(c.Name)).Append(Column(alias, Weight).As(Weight))) with
        {
            From = [Derived(first.AsQuery(), alias)],
            Where = NotEq(Column(alias, Weight), Integer(0)),
        };
    }
}
