using System.Collections.Frozen;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>
/// Types and NOT NULL of expressions, as far as they can be told without PostgreSQL's own analyser. Null means unknown, which is always safe: it costs
/// a rescan or a comparison by text. The scale of numerics is followed through + - *, since sums of a fixed scale can be kept by adding and subtracting.
/// </summary>
internal readonly record struct ExpressionType(TypeInfo? Type, bool NotNull)
{
    /// <summary>Strict built-in functions that yield NULL for NULL only. The hour of infinity is NULL, so date_part() is none of them.</summary>
    private static readonly FrozenSet<string> NeverNull = FrozenSet.Create(StringComparer.Ordinal,
        "date_trunc", "lower", "upper", "length", "abs", "btrim", "md5", "floor", "ceil", "round", "trunc");

    private static readonly FrozenSet<string> Comparisons = FrozenSet.Create(StringComparer.Ordinal, "=", "<>", "<", "<=", ">", ">=");

    public static ExpressionType Unknown => default;

    public static ExpressionType Of(SqlExpression expression, Func<ColumnReference, BoundColumn?> columns)
    {
        ExpressionType Recurse(SqlExpression e) => Of(e, columns);
        return expression switch
        {
            ColumnReference c => columns(c) is { } column ? new(column.Type, column.NotNull) : Unknown,
            Literal literal => OfLiteral(literal),
            Cast cast => OfCast(cast, Recurse(cast.Operand)),
            BinaryExpression binary => OfBinary(binary, Recurse(binary.Left), Recurse(binary.Right)),
            UnaryExpression { Operator: { Schema: null, Symbol: "-" or "+" } } unary when IsNumber(Recurse(unary.Operand).Type) => Recurse(unary.Operand),
            ConditionalFunction { Kind: ConditionalKind.Coalesce } coalesce => OfCoalesce(coalesce.Arguments.Select(Recurse).ToList()),
            CaseExpression @case => OfCase(@case, Recurse),
            LogicalExpression logical => new(WellKnownTypes.Boolean, logical.Operands.All(o => Recurse(o).NotNull)),
            NotExpression not => new(WellKnownTypes.Boolean, Recurse(not.Operand).NotNull),
            IsExpression or DistinctFrom => new(WellKnownTypes.Boolean, NotNull: true),
            FunctionCall call => OfCall(call, Recurse),
            ExtractExpression => new(WellKnownTypes.Numeric, NotNull: false),
            SqlValueFunction value => OfClock(value.Kind),
            _ => Unknown,
        };
    }

    private static ExpressionType OfLiteral(Literal literal) => literal.Kind switch
    {
        LiteralKind.Boolean => new(WellKnownTypes.Boolean, NotNull: true),
        LiteralKind.Number => new(NumberType(literal.Text), NotNull: true),
        LiteralKind.Null => Unknown,
        _ => new(null, NotNull: true),
    };

    private static TypeInfo? NumberType(string text)
    {
        if (int.TryParse(text, out _))
        {
            return WellKnownTypes.Integer;
        }

        if (long.TryParse(text, out _))
        {
            return WellKnownTypes.BigInteger;
        }

        var point = text.IndexOf('.', StringComparison.Ordinal);
        return text.AsSpan().ContainsAny("eExXoObB_") || point < 0 ? null : WellKnownTypes.NumericOfScale(text.Length - point - 1);
    }

    private static ExpressionType OfCast(Cast cast, ExpressionType operand)
    {
        var target = WellKnownTypes.Read(cast.Type);
        if (target is null)
        {
            return Unknown;
        }

        if (target == WellKnownTypes.Numeric)
        {
            // The scale is the value's own: none for integers, that of the digits for constants.
            var scale = cast.Operand switch
            {
                Literal { Kind: LiteralKind.Number or LiteralKind.String } literal when NumberType(literal.Text) is { } number => ScaleOf(number),
                _ => operand.Type is { } type ? ScaleOf(type) : null,
            };
            target = scale is { } known ? WellKnownTypes.NumericOfScale(known) : target;
        }

        // A text keeps the collation that it had.
        if (FunctionTypes.IsText(target) && cast.Operand is not Literal)
        {
            target = operand.Type is { } source ? target with { CollationIsDeterministic = source.CollationIsDeterministic } : null;
        }

        var safe = cast.Operand is Literal { Kind: not LiteralKind.Null } || IsNumber(operand.Type) || IsTime(operand.Type);
        return new(target, operand.NotNull && safe);
    }

    private static ExpressionType OfBinary(BinaryExpression binary, ExpressionType left, ExpressionType right)
    {
        if (binary.Operator.Schema is not null)
        {
            return Unknown;
        }

        var notNull = left.NotNull && right.NotNull;
        if (Comparisons.Contains(binary.Operator.Symbol))
        {
            return new(WellKnownTypes.Boolean, notNull);
        }

        if (binary.Operator.Symbol is "->>" or "#>>")
        {
            return new(WellKnownTypes.Text, NotNull: false);
        }

        if (binary.Operator.Symbol == "||")
        {
            var type = FunctionTypes.Concatenation((binary.Left, left.Type), (binary.Right, right.Type));
            return new(type, notNull && type is not null);
        }

        if (binary.Operator.Symbol is "+" or "-" && left.Type?.BaseOid is TypeFacts.Timestamp or TypeFacts.Timestamptz && IsInterval(binary.Right))
        {
            return new(left.Type, notNull);
        }

        if (binary.Operator.Symbol is "/" or "%" && left.Type is { } l && right.Type is { } r && IsInteger(l) && IsInteger(r))
        {
            return new(Arithmetic(binary.Operator.Symbol, l, r), notNull);
        }

        return binary.Operator.Symbol is "+" or "-" or "*" && IsNumber(left.Type) && IsNumber(right.Type)
            ? new(Arithmetic(binary.Operator.Symbol, left.Type!, right.Type!), notNull)
            : Unknown;
    }

    private static TypeInfo? Arithmetic(string symbol, TypeInfo left, TypeInfo right)
    {
        if (IsInteger(left) && IsInteger(right))
        {
            return Width(left) >= Width(right) ? left : right;
        }

        if (left.BaseOid is TypeFacts.Float4 or TypeFacts.Float8 || right.BaseOid is TypeFacts.Float4 or TypeFacts.Float8)
        {
            return null;
        }

        return (ScaleOf(left), ScaleOf(right)) is ({ } l, { } r)
            ? WellKnownTypes.NumericOfScale(symbol == "*" ? l + r : Math.Max(l, r))
            : WellKnownTypes.Numeric;
    }

    private static ExpressionType OfCoalesce(List<ExpressionType> arguments)
        => new(arguments.TrueForAll(a => a.Type == arguments[0].Type) ? arguments[0].Type : null, arguments.Exists(static a => a.NotNull));

    private static ExpressionType OfCase(CaseExpression expression, Func<SqlExpression, ExpressionType> recurse)
    {
        var results = expression.Branches.Select(static b => b.Result).Append(expression.Else ?? Sql.SqlFactory.Null).ToList();
        var values = results.Where(static r => r is not Literal { Kind: LiteralKind.Null }).Select(recurse).ToList();
        var same = values.Count > 0 && values.TrueForAll(v => v.Type == values[0].Type);
        var numeric = values.Count > 0 && values.TrueForAll(static v => v.Type?.BaseOid == TypeFacts.Numeric);
        var type = same ? values[0].Type : numeric ? WellKnownTypes.Numeric : null;
        return new(type, values.Count == results.Count && values.TrueForAll(static v => v.NotNull));
    }

    private static ExpressionType OfCall(FunctionCall call, Func<SqlExpression, ExpressionType> recurse)
    {
        if (call.Name.Schema is not null || call.Over is not null)
        {
            return Unknown;
        }

        var name = call.Name.Name.Value;
        if (name == "now" && call.Arguments.IsEmpty)
        {
            return new(WellKnownTypes.TimestampWithTimeZone, NotNull: true);
        }

        var arguments = call.Arguments.Select(a => (a.Value, Type: recurse(a.Value))).ToList();
        var type = FunctionTypes.ResultOf(name, arguments.Select(static a => (a.Value, a.Type.Type)).ToList());
        return new(type, NeverNull.Contains(name) && arguments.TrueForAll(static a => a.Type.NotNull));
    }

    private static ExpressionType OfClock(SqlValueKind kind) => kind switch
    {
        SqlValueKind.CurrentDate => new(Date, NotNull: true),
        SqlValueKind.CurrentTimestamp => new(WellKnownTypes.TimestampWithTimeZone, NotNull: true),
        _ => Unknown,
    };

    private static TypeInfo? Date => WellKnownTypes.Read(TypeName.Named("date"));

    private static bool IsNumber(TypeInfo? type) => type is not null && (IsInteger(type) || type.BaseOid is TypeFacts.Numeric);

    private static bool IsInteger(TypeInfo type) => type.BaseOid is TypeFacts.Int2 or TypeFacts.Int4 or TypeFacts.Int8;

    private static bool IsInterval(SqlExpression expression) => expression is Cast { Type.Name: { Schema: null, Name.Value: "interval" } };

    private static bool IsTime(TypeInfo? type) => type?.BaseOid is TypeFacts.Date or TypeFacts.Timestamp or TypeFacts.Timestamptz;

    private static int Width(TypeInfo type) => type.BaseOid switch { TypeFacts.Int2 => 2, TypeFacts.Int4 => 4, _ => 8 };

    private static int? ScaleOf(TypeInfo type)
        => IsInteger(type) ? 0 : type.BaseOid == TypeFacts.Numeric ? TypeFacts.NumericScale(type.Modifier) : null;
}
