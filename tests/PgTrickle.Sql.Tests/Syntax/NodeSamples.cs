using System.Reflection;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Tests.Syntax;

/// <summary>Makes a node of any kind with every part present, so that tests can ask of all kinds what they ask of one.</summary>
internal sealed class NodeSamples
{
    private int _counter;

    public static IEnumerable<Type> Kinds => typeof(SqlNode).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(SqlNode)) && !type.IsAbstract);

    /// <summary>A node of this kind with all its parts; the parts have what they must have only.</summary>
    public SqlNode Full(Type kind)
    {
        var node = (SqlNode)Construct(kind);
        foreach (var property in kind.GetProperties().Where(p => p.SetMethod is not null && p.GetIndexParameters().Length == 0))
        {
            // Flags that exclude one another stay as they are.
            if (typeof(SqlNode).IsAssignableFrom(property.PropertyType) || IsList(property.PropertyType))
            {
                property.SetValue(node, Value(property.PropertyType));
            }
        }

        return node;
    }

    /// <summary>The nodes that the properties of <paramref name="node"/> hold.</summary>
    public static IEnumerable<SqlNode> Parts(SqlNode node)
    {
        foreach (var property in node.GetType().GetProperties().Where(p => p.Name != nameof(SqlNode.Children) && p.GetIndexParameters().Length == 0))
        {
            switch (property.GetValue(node))
            {
                case SqlNode part:
                    yield return part;
                    break;
                case System.Collections.IEnumerable list and not string:
                    foreach (var part in list.OfType<SqlNode>())
                    {
                        yield return part;
                    }

                    break;
            }
        }
    }

    /// <summary>Another node that can stand where <paramref name="node"/> stands.</summary>
    public SqlNode Other(SqlNode node) => node is TypeName ? TypeName.Named(Name()) : (SqlNode)Construct(node.GetType());

    private static bool IsList(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(SyntaxList<>);

    private string Name() => $"n{++_counter}";

    private object Construct(Type kind)
    {
        if (kind == typeof(TypeName))
        {
            return TypeName.Named(Name());
        }

        if (kind == typeof(Literal))
        {
            return SqlFactory.String(Name());
        }

        var constructor = kind.GetConstructors(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)
            .Where(c => !(c.GetParameters() is [var only] && only.ParameterType == kind))
            .MaxBy(c => c.GetParameters().Length)!;
        return constructor.Invoke([.. constructor.GetParameters().Select(p => Value(p.ParameterType))]);
    }

    private object? Value(Type type)
    {
        if (IsList(type))
        {
            var element = type.GetGenericArguments()[0];
            var items = Array.CreateInstance(element, 2);
            items.SetValue(Value(element), 0);
            items.SetValue(Value(element), 1);
            return Activator.CreateInstance(type, BindingFlags.NonPublic | BindingFlags.Instance, null, [items], null);
        }

        return type switch
        {
            _ when Nullable.GetUnderlyingType(type) is not null => null,
            _ when type == typeof(int) => 3,
            _ when type.IsValueType => Activator.CreateInstance(type),
            _ when type == typeof(SqlIdentifier) => new SqlIdentifier(Name()),
            _ when type == typeof(QualifiedName) => new QualifiedName(Name(), Name()),
            _ when type == typeof(OperatorName) => new OperatorName(null, "+"),
            _ when type == typeof(TableAlias) => new TableAlias(Name()),
            _ when type == typeof(SqlExpression) => SqlFactory.String(Name()),
            _ when type == typeof(FromItem) => new TableReference(Name()),
            _ when type == typeof(QueryBody) => SqlFactory.Select(new SelectTarget(SqlFactory.String(Name()))),
            _ when type == typeof(SqlStatement) => SqlFactory.Select(new SelectTarget(SqlFactory.String(Name()))).AsQuery(),
            _ when type == typeof(JoinCondition) => new JoinOn(SqlFactory.String(Name())),
            _ when type == typeof(GroupingElement) => new GroupingExpressions([SqlFactory.String(Name())]),
            _ when type == typeof(WindowReference) => new NamedWindow(Name()),
            _ when type == typeof(JsonTableColumn) => new JsonOrdinalityColumn(Name()),
            _ when type == typeof(MergeAction) => new MergeDelete(),
            _ when type == typeof(AlterTableAction) => new SetNotNull(Name()),
            _ => Construct(type),
        };
    }
}
