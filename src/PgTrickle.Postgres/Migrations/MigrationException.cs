namespace PgTrickle.Postgres.Migrations;

/// <summary>The schema cannot be brought to this program's version; nothing was changed by the step that failed.</summary>
public sealed class MigrationException(string message, Exception? inner = null) : Exception(message, inner);
