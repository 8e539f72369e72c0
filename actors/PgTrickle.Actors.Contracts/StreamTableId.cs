using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace PgTrickle.Actors.Contracts;

/// <summary>The name of a stream table in the whole cluster: its database and its <c>pgt_id</c>. The text form is the entity's id.</summary>
/// <param name="Database">Name of the database; any characters, slashes included.</param>
/// <param name="PgtId">Its id in that database.</param>
public readonly record struct StreamTableId(string Database, long PgtId)
{
    /// <summary>Reads <c>database/pgt_id</c>. The last slash counts, since a database's name may have some.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out StreamTableId id)
    {
        id = default;
        var slash = text?.LastIndexOf('/') ?? -1;
        if (slash <= 0 || !long.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var pgtId))
        {
            return false;
        }

        id = new StreamTableId(text![..slash], pgtId);
        return true;
    }

    /// <summary>The other stream table of the same database.</summary>
    public StreamTableId Sibling(long pgtId) => this with { PgtId = pgtId };

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Database}/{PgtId}");
}
