using System.Globalization;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Dvm.Passes;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>Sees whether the step of a recursive UNION is linear in the recursive table, and takes the two terms apart.</summary>
internal static class LinearTerms
{
    /// <summary>The recursion with its terms, or as it is if it has to be computed as a whole.</summary>
    /// <param name="context">The query.</param>
    /// <param name="cte">The WITH query.</param>
    /// <param name="recursion">Its operator.</param>
    /// <param name="start">Its first term.</param>
    /// <param name="bind">Binds its second term, where the name of the recursive table means what it is given.</param>
    public static Recursion TakenApart(BindingContext context, CteBinding cte, Recursion recursion, Operator start, Func<CteBinding, Operator> bind)
    {
        if (cte.Recursive is not { Search: null, Cycle: null } || cte.Query.Body is not SetOperation union || (!union.All && !recursion.Types.All(static t => t.Type is { IsImageEqual: true })))
        {
            return recursion;
        }

        try
        {
            start = Pipeline.Run(start);
            // A column is never NULL if it is not at first, and no step makes it so of rows of which that is true.
            var notNull = start.Columns.Select(static c => c.NotNull).ToList();
            while (true)
            {
                var self = new Scan(context.NewName("rec"), Relation(cte.Name, recursion, notNull));
                var step = Pipeline.Run(bind(new CteBinding(cte.Name, recursion.Names, cte.Query, cte.Outer) { Self = self }));
                if (!IsLinear(step, self) || (recursion.Open is not null && !(IsSettled(start) && IsSettled(step))) || step.DescendantsAndSelf().Count(o => ReferenceEquals(o, self)) != 1)
                {
                    return recursion;
                }

                var kept = notNull.Zip(step.Columns, static (n, c) => n && c.NotNull).ToList();
                if (kept.SequenceEqual(notNull))
                {
                    var types = recursion.Types.Zip(notNull, static (t, n) => t with { NotNull = n }).ToSyntaxList();
                    var terms = new LinearRecursion(!union.All, self, SettledState.Of(start), SettledState.Of(union.All ? step : WithOrigin(step, self)));
                    return recursion with { Types = types, Linear = terms, Open = null };
                }

                notNull = kept;
            }
        }
        catch (CompileException e) when (e.Error.Kind == CompileErrorKind.NotImplemented)
        {
            return recursion;
        }
    }

    private static RelationInfo Relation(SqlIdentifier name, Recursion recursion, List<bool> notNull)
    {
        var columns = recursion.Columns.Select((c, i) => new ColumnInfo((short)(i + 1), NameSource.ColumnName(i), c.Type ?? TypeInfo.Unknown, notNull[i]));
        return new RelationInfo(0, new QualifiedName(name), RelationKind.Table, columns.ToSyntaxList());
    }

    /// <summary>Whether a term leaves nothing open, so that it is evaluated to the very rows that its changes are told from.</summary>
    private static bool IsSettled(Operator term) => ReferenceEquals(SettledState.Of(term), term);

    /// <summary>Whether the recursive table is where each of its rows counts by itself.</summary>
    private static bool IsLinear(Operator source, Scan self) => source switch
    {
        Scan => ReferenceEquals(source, self),
        Filter or Project => IsLinear(source.Inputs[0], self),
        Join { Type: JoinType.Inner } join => IsLinear(join.Inputs[SideOf(join, self)], self),
        Join { Type: JoinType.Left } or Match or Dependent => IsLinear(source.Inputs[0], self),
        _ => false,
    };

    private static int SideOf(Join join, Scan self) => join.Left.DescendantsAndSelf().Any(o => ReferenceEquals(o, self)) ? 0 : 1;

    /// <summary>A linear step that yields the columns of the recursive table, too, after its own: whatever adds rows up now keeps those apart that follow from different ones.</summary>
    private static Project WithOrigin(Operator step, Scan self)
    {
        var (source, origin) = Carrying(step, self);
        var own = step.Columns.Select(static (c, i) => new ComputedColumn(NameSource.ColumnName(i), c.Reference, c.Type, c.NotNull));
        var others = origin.Select((c, i) => new ComputedColumn(NameSource.ColumnName(step.Columns.Count + i), c, self.Columns[i].Type, self.Columns[i].NotNull));
        return new Project("step", source, [.. own, .. others]);
    }

    /// <summary>The operator without a projection that leaves out a column of the recursive table, and what these columns are called above it.</summary>
    private static (Operator Source, SyntaxList<ColumnReference> Origin) Carrying(Operator source, Scan self)
    {
        if (ReferenceEquals(source, self))
        {
            return (self, self.Columns.Select(static c => c.Reference).ToSyntaxList());
        }

        var side = source is Join { Type: JoinType.Inner } join ? SideOf(join, self) : 0;
        var (input, origin) = Carrying(source.Inputs[side], self);
        var rest = source.WithInputs(source.Inputs.Select((o, i) => i == side ? input : o).ToSyntaxList());
        if (rest is not Project project)
        {
            return (rest, origin);
        }

        var added = origin.Select((c, i) => new ComputedColumn(new SqlIdentifier(string.Create(CultureInfo.InvariantCulture, $"__pgt_of_{i + 1}")), c, self.Columns[i].Type, self.Columns[i].NotNull)).ToList();
        return (project with { Outputs = project.Outputs.AddRange(added) }, added.Select(a => new ColumnReference(project.Alias, a.Name)).ToSyntaxList());
    }
}
