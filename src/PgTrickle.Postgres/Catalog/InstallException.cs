namespace PgTrickle.Postgres.Catalog;

/// <summary>The schema cannot be installed with the rights or on the server given; the message names the remedy.</summary>
public sealed class InstallException(string message, Exception? inner = null) : Exception(message, inner);
