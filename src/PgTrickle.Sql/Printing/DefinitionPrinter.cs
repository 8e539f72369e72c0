using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Printing;

internal static class DefinitionPrinter
{
    public static void Print(SqlWriter writer, DataDefinition definition)
    {
        switch (definition)
        {
            case AlterTableStatement alter:
                writer.Write("ALTER TABLE ").Write(alter.Table).LineList(alter.Actions, PrintAction);
                break;
            case CreateIndexStatement index:
                writer.Write(index.Unique ? "CREATE UNIQUE INDEX ON " : "CREATE INDEX ON ").Write(index.Table).Write(index.Hash ? " USING hash (" : " (");
                writer.List(index.Keys, PrintIndexKey);
                writer.Write(")");
                break;
            case CreateTableAsStatement table:
                writer.Write(table.Unlogged ? "CREATE UNLOGGED TABLE " : "CREATE TABLE ").Write(table.Table).Write(" AS").Line();
                QueryPrinter.Print(writer, table.Query);
                writer.Line().Write("WITH NO DATA");
                break;
            case AnalyzeStatement analyze:
                writer.Write("ANALYZE ").Write(analyze.Table);
                break;
            default:
                throw new InvalidOperationException($"A {definition.GetType().Name} can't be printed.");
        }
    }

    /// <summary>Only a column may stand there without parentheses.</summary>
    private static void PrintIndexKey(SqlWriter writer, SqlExpression key)
    {
        if (key is ColumnReference { Relation: null })
        {
            ExpressionPrinter.Print(writer, key);
            return;
        }

        writer.Write("(");
        ExpressionPrinter.Print(writer, key);
        writer.Write(")");
    }

    public static void PrintAction(SqlWriter writer, AlterTableAction action)
    {
        switch (action)
        {
            case AddColumn add:
                writer.Write("ADD COLUMN ").Write(add.Name).Write(" ");
                TypePrinter.Print(writer, add.Type);
                writer.Write(add.NotNull ? " NOT NULL" : "");
                break;
            case SetNotNull set:
                writer.Write("ALTER COLUMN ").Write(set.Column).Write(" SET NOT NULL");
                break;
            default:
                throw new InvalidOperationException($"A {action.GetType().Name} can't be printed.");
        }
    }
}
