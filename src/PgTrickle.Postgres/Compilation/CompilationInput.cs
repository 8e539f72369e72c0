using PgTrickle.Dvm;
using PgTrickle.Dvm.Catalog;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Postgres.Compilation;

/// <summary>All that compiling a stream table needs, read from one snapshot of the catalog.</summary>
/// <param name="PgtId">The stream table.</param>
/// <param name="DefinitionVersion">The version of the definition that was read.</param>
/// <param name="Table">Its name.</param>
/// <param name="RunName">The owner's function; the names of the tables that its plan keeps begin with it.</param>
/// <param name="Analysis">What PostgreSQL says about its query.</param>
/// <param name="Catalog">The relations that the query reads.</param>
/// <param name="Options">How to compile.</param>
internal sealed record CompilationInput(
    long PgtId, long DefinitionVersion, QualifiedName Table, QualifiedName RunName, QueryAnalysis Analysis, CatalogSnapshot Catalog, CompileOptions Options);

/// <summary>Compiles a query: <c>PgTrickle.Dvm</c>, or a stand-in of a test.</summary>
public delegate CompiledPlan QueryCompiler(QueryAnalysis analysis, CatalogSnapshot catalog, CompileOptions options);
