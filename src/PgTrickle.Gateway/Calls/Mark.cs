using System.Globalization;
using PgTrickle.Wire.Backend;

namespace PgTrickle.Gateway.Calls;

/// <summary>A function announced a command that is to be waited for. A hint: whether the command exists is looked up.</summary>
/// <param name="CommandId">The row in pgtrickle.commands.</param>
/// <param name="StatementTimeout">The caller's, from the beginning of its statement; null when it has none.</param>
internal sealed record Mark(long CommandId, TimeSpan? StatementTimeout)
{
    /// <summary>The SQLSTATE of the message.</summary>
    public const string SqlState = "PGT01";

    /// <summary>Reads a notice; null when it is any other, which is the client's.</summary>
    public static Mark? From(ServerMessage message) =>
        message.Severity == "INFO" && message.SqlState == SqlState && long.TryParse(message.Message, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? new Mark(id, Duration(message.Detail))
            : null;

    /// <summary>A time as current_setting prints it: 0, 1500ms, 30s, 2min, 1h, 1d.</summary>
    internal static TimeSpan? Duration(string? text)
    {
        var digits = (text ?? string.Empty).TakeWhile(char.IsAsciiDigit).Count();
        if (text is null || !long.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
        {
            return null;
        }

        return text[digits..] switch
        {
            "ms" or "" => TimeSpan.FromMilliseconds(number),
            "s" => TimeSpan.FromSeconds(number),
            "min" => TimeSpan.FromMinutes(number),
            "h" => TimeSpan.FromHours(number),
            "d" => TimeSpan.FromDays(number),
            _ => null,
        };
    }
}
