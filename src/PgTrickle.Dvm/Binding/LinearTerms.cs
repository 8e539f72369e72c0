using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>Sees whether a recursive query is a UNION ALL whose step is linear in the recursive table, and takes it apart.</summary>
internal static class LinearTerms
{
    /// <summary>The terms, or null if the query has to be computed as a whole.</summary>
    /// <param name="context">The query.</param>
    /// <param name="cte">The WITH query.</param>
    /// <param name="recursion">Its operator.</param>
    /// <param name="start">Its first term.</param>
    /// <param name="bind">Binds its second term, where the name of the recursive table means what it is given.</param>
    public static LinearRecursion? Of(BindingContext context, CteBinding cte, Recursion recursion, Operator start, Func<CteBinding, Operator> bind)
    {
        if (cte.Recursive is not { Search: null, Cycle: null } || recursion.Open is not null || cte.Query.Body is not SetOperation { All: true } union
            || RecursionBinder.References(union.Right).Count(n => n == cte.Name) != 1)
        {
            return null;
        }

        var columns = recursion.Columns.Select(static (c, i) => new ColumnInfo((short)(i + 1), NameSource.ColumnName(i), c.Type ?? TypeInfo.Unknown, NotNull: false)).ToSyntaxList();
        var self = new Scan(context.NewName("rec"), new RelationInfo(0, new QualifiedName(cte.Name), RelationKind.Table, columns));
        try
        {
            var step = Pipeline.Run(bind(new CteBinding(cte.Name, recursion.Names, cte.Query, cte.Outer) { Self = self }));
            return IsLinear(step, self) ? new LinearRecursion(self, SettledState.Of(Pipeline.Run(start)), SettledState.Of(step)) : null;
        }
        catch (CompileException e) when (e.Error.Kind == CompileErrorKind.NotImplemented)
        {
            return null;
        }
    }

    /// <summary>Whether the recursive table is where each of its rows counts by itself.</summary>
    private static bool IsLinear(Operator source, Scan self) => source switch
    {
        Scan => ReferenceEquals(source, self),
        Filter or Project => IsLinear(source.Inputs[0], self),
        Join { Type: JoinType.Inner } join => IsLinear(Contains(join.Left, self) ? join.Left : join.Right, self),
        Join { Type: JoinType.Left } or Match or Dependent => IsLinear(source.Inputs[0], self),
        _ => false,
    };

    private static bool Contains(Operator source, Scan self) => source.DescendantsAndSelf().Any(o => ReferenceEquals(o, self));
}
