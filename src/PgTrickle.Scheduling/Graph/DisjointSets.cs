namespace PgTrickle.Scheduling.Graph;

/// <summary>Union-find with path halving and union by size (Tarjan and van Leeuwen, JACM 31(2), 1984).</summary>
internal sealed class DisjointSets
{
    private readonly int[] parent;
    private readonly int[] size;

    public DisjointSets(int count)
    {
        parent = [.. Enumerable.Range(0, count)];
        size = new int[count];
        Array.Fill(size, 1);
    }

    public int Find(int item)
    {
        while (parent[item] != item)
        {
            item = parent[item] = parent[parent[item]];
        }

        return item;
    }

    public void Union(int left, int right)
    {
        var (large, small) = (Find(left), Find(right));
        if (large == small)
        {
            return;
        }

        if (size[large] < size[small])
        {
            (large, small) = (small, large);
        }

        parent[small] = large;
        size[large] += size[small];
    }
}
