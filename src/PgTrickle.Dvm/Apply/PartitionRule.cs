using PgTrickle.Dvm.Differentiation;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;
using static PgTrickle.Sql.SqlFactory;

namespace PgTrickle.Dvm.Apply;

/// <summary>
/// A root that is computed partition by partition: partitions that the delta touches are computed again, and compared with the stored rows that have their key. What was
/// stored is the former answer, whichever of several possible ones it was.
/// </summary>
/// <param name="Result">What is stored: a projection, above filters or not, of the partitioned operator.</param>
/// <param name="Root">The partitioned operator.</param>
/// <param name="Keys">The place at which each partition key is stored.</param>
internal sealed record PartitionRule(StoredResult Result, IPartitioned Root, SyntaxList<int> Keys) : RootRule(Result)
{
    private static readonly SqlIdentifier Touched = new("touched_root");

    public override bool Consolidates => true;

    public override SyntaxList<int> Lookup => Keys;

    public override string Describe() => Root switch
    {
        TopK => "find the first rows again, compare with what is stored",
        _ when Keys.IsEmpty => "compute all rows again, compare with what is stored",
        _ => $"compute touched partitions again, compare with what is stored ({string.Join(", ", Keys.Select(k => Result.Columns[k].Name))})",
    };

    public override ChangeSet? Change(DeltaContext context, Differentiator differentiator, PlanNames names)
    {
        var input = Partitions.InputColumns(Root).Select(static c => c.Reference).ToList();

        var delta = differentiator.OfInput(Root.Input, input.ToHashSet());
        if (delta.Count == 0)
        {
            return null;
        }

        context.Add(Touched, Partitions.Touched(Root, delta).AsQuery());
        var present = context.Present.Read(Root.Input);
        var rows = Root is TopK
            ? present.Restricted(Exists((Select() with { From = [Table(Touched)] }).AsQuery()))
            : Partitions.AsOne(Partitions.Within(Root, present, Touched), input);
        var self = (Operator)Root;
        var computed = new StateReader.Replacement(self, Evaluation.Of(Root, rows, NameSource.ColumnName));
        var now = context.Present.Replacing(computed).Read(Result.Source);
        var columns = Result.Source.Columns.Select(static c => c.Reference).ToList();
        var terms = StoredLookup.Rows(Result, Keys, names.Table, Touched).Select(f => f.Negated()).Select(f => f.Select([
            .. Result.Columns.Select((c, i) => Target.Stored(c).As(NameSource.ColumnName(i))), f.Weight!.As(Consolidation.Weight)]));
        return ZSetApply.Of(Result, context.Tables, [DeltaContext.SelectWeighted(now, columns), .. terms], names);
    }
}
