using System.Collections.Frozen;

namespace PgTrickle.Sql.Syntax;

/// <summary>The keywords of <see cref="SqlValueKind"/>.</summary>
internal static class SqlValueNames
{
    private static readonly FrozenDictionary<SqlValueKind, string> Texts = new Dictionary<SqlValueKind, string>
    {
        [SqlValueKind.CurrentDate] = "CURRENT_DATE",
        [SqlValueKind.CurrentTime] = "CURRENT_TIME",
        [SqlValueKind.CurrentTimestamp] = "CURRENT_TIMESTAMP",
        [SqlValueKind.LocalTime] = "LOCALTIME",
        [SqlValueKind.LocalTimestamp] = "LOCALTIMESTAMP",
        [SqlValueKind.CurrentRole] = "CURRENT_ROLE",
        [SqlValueKind.CurrentUser] = "CURRENT_USER",
        [SqlValueKind.User] = "USER",
        [SqlValueKind.SessionUser] = "SESSION_USER",
        [SqlValueKind.SystemUser] = "SYSTEM_USER",
        [SqlValueKind.CurrentCatalog] = "CURRENT_CATALOG",
        [SqlValueKind.CurrentSchema] = "CURRENT_SCHEMA",
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, SqlValueKind> Kinds =
        Texts.ToFrozenDictionary(static t => t.Value, static t => t.Key, StringComparer.OrdinalIgnoreCase);

    public static string Text(SqlValueKind kind) => Texts[kind];

    public static SqlValueKind? Kind(string keyword) => Kinds.TryGetValue(keyword, out var kind) ? kind : null;

    public static bool TakesPrecision(SqlValueKind kind)
        => kind is SqlValueKind.CurrentTime or SqlValueKind.CurrentTimestamp or SqlValueKind.LocalTime or SqlValueKind.LocalTimestamp;
}
