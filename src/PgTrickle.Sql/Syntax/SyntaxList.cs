using System.Collections;
using System.Runtime.CompilerServices;

namespace PgTrickle.Sql.Syntax;

/// <summary>
/// An immutable sequence whose equality is that of its elements, so that records that hold it compare by structure
/// (<see cref="System.Collections.Immutable.ImmutableArray{T}"/> compares by reference). The default value is the empty sequence.
/// </summary>
/// <typeparam name="T">The type of the elements.</typeparam>
[CollectionBuilder(typeof(SyntaxList), nameof(SyntaxList.Create))]
public readonly struct SyntaxList<T> : IReadOnlyList<T>, IEquatable<SyntaxList<T>>
{
    private readonly T[]? _items;

    internal SyntaxList(T[] items) => _items = items;

    /// <summary>The empty sequence.</summary>
    public static SyntaxList<T> Empty => default;

    /// <summary>The number of elements.</summary>
    public int Count => _items?.Length ?? 0;

    /// <summary>Whether there are no elements.</summary>
    public bool IsEmpty => Count == 0;

    /// <summary>The element at <paramref name="index"/>, counted from zero.</summary>
    /// <exception cref="IndexOutOfRangeException">There is no such element.</exception>
    public T this[int index] => Items[index];

    private T[] Items => _items ?? [];

    /// <summary>The elements without a copy.</summary>
    public ReadOnlySpan<T> AsSpan() => _items;

    /// <summary>A sequence of these elements followed by <paramref name="item"/>.</summary>
    public SyntaxList<T> Add(T item) => new([.. Items, item]);

    /// <summary>A sequence of these elements followed by <paramref name="items"/>.</summary>
    public SyntaxList<T> AddRange(IEnumerable<T> items) => new([.. Items, .. items]);

    /// <summary>Whether both values hold the very same storage: the test that a rewrite changed nothing.</summary>
    public bool IsSame(SyntaxList<T> other) => ReferenceEquals(_items, other._items) || (IsEmpty && other.IsEmpty);

    /// <inheritdoc/>
    public bool Equals(SyntaxList<T> other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SyntaxList<T> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var item in Items)
        {
            hash.Add(item);
        }

        return hash.ToHashCode();
    }

    /// <summary>Enumerates the elements in order.</summary>
    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)Items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Whether both sequences have equal elements in the same order.</summary>
    public static bool operator ==(SyntaxList<T> left, SyntaxList<T> right) => left.Equals(right);

    /// <summary>Whether the sequences differ.</summary>
    public static bool operator !=(SyntaxList<T> left, SyntaxList<T> right) => !left.Equals(right);
}

/// <summary>Makes <see cref="SyntaxList{T}"/> values; collection expressions use it, too.</summary>
public static class SyntaxList
{
    /// <summary>A sequence of <paramref name="items"/>.</summary>
    public static SyntaxList<T> Create<T>(ReadOnlySpan<T> items) => items.IsEmpty ? default : new SyntaxList<T>(items.ToArray());

    /// <summary>A sequence of <paramref name="items"/>.</summary>
    public static SyntaxList<T> ToSyntaxList<T>(this IEnumerable<T> items) => items is SyntaxList<T> list ? list : Create<T>(items.ToArray());
}
