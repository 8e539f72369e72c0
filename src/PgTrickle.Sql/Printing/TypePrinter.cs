using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Printing;

internal static class TypePrinter
{
    public static void Print(SqlWriter writer, TypeName type)
    {
        // An interval's precision follows its fields, that of a time stands before its zone.
        var fieldsFirst = type.Qualification is not null && type.Name.Name.Value == "interval";
        writer.Write(type.IsStandard ? type.Name.Name.Value : type.Name.ToString());
        if (fieldsFirst)
        {
            writer.Write(" ").Write(type.Qualification!);
        }

        if (!type.Modifiers.IsEmpty)
        {
            writer.Write("(").List(type.Modifiers, ExpressionPrinter.Print).Write(")");
        }

        if (type.Qualification is not null && !fieldsFirst)
        {
            writer.Write(" ").Write(type.Qualification);
        }

        for (var i = 0; i < type.ArrayDimensions; i++)
        {
            writer.Write("[]");
        }
    }
}
