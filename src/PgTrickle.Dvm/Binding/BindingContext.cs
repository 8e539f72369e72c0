using PgTrickle.Dvm.Catalog;
using PgTrickle.Dvm.Operators;
using PgTrickle.Sql.Syntax;

namespace PgTrickle.Dvm.Binding;

/// <summary>What the binders of one query share: the catalog, the source of unique names, and where in the query they are.</summary>
internal sealed class BindingContext(CatalogSnapshot catalog, CompileOptions options)
{
    private readonly List<string> _path = [];
    private int _names;
    private int _relations;

    public CatalogSnapshot Catalog { get; } = catalog;

    public CompileOptions Options { get; } = options;

    /// <summary>What is known of the collations of the query's columns.</summary>
    public Collations Collations { get; } = new(catalog);

    /// <summary>A relation name that nothing else in the tree has.</summary>
    public SqlIdentifier NewName(string word) => RelationNames.Of(word, ++_names);

    /// <summary>Binds a part of the query; errors inside name it.</summary>
    public T Within<T>(string part, Func<T> bind)
    {
        if (_path.Count >= Options.MaxDepth)
        {
            throw Unsupported("nesting", $"the query is nested deeper than {Options.MaxDepth} levels");
        }

        _path.Add(part);
        try
        {
            return bind();
        }
        finally
        {
            _path.RemoveAt(_path.Count - 1);
        }
    }

    public void CountRelation()
    {
        if (++_relations > Options.MaxSources)
        {
            throw Unsupported("FROM", $"the query reads more than {Options.MaxSources} relations");
        }
    }

    public CompileException Unsupported(string construct, string reason) => Error(CompileErrorKind.Unsupported, construct, reason);

    public CompileException NotImplemented(string construct, string reason) => Error(CompileErrorKind.NotImplemented, construct, reason);

    public CompileException Internal(string construct, string reason) => Error(CompileErrorKind.Internal, construct, reason);

    private CompileException Error(CompileErrorKind kind, string construct, string reason)
        => new(new CompileError(kind, construct, _path.Count == 0 ? "" : "in " + string.Join(" of ", Enumerable.Reverse(_path)), reason));
}
