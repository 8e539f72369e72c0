namespace PgTrickle.Scheduling.Graph;

/// <summary>The search behind <see cref="Diamonds"/>, with arrays that are reused from one convergence to the next.</summary>
internal sealed class DiamondSearch(FlowGraph flow)
{
    private readonly int[] dominator = new int[flow.Count];
    private readonly int[] depth = new int[flow.Count];
    private readonly int[] edges = new int[flow.Count];
    private readonly bool[] below = new bool[flow.Count];
    private readonly int[] visitedFor = new int[flow.Count];
    private readonly List<int> ancestors = [];

    /// <summary>The members of all diamonds that meet at a stream table, without itself, ascending; none when nothing meets there.</summary>
    public List<int> MembersMeetingAt(int convergence)
    {
        var members = new List<int>();
        if (flow.InputsOf(convergence).Length < 2)
        {
            return members;
        }

        CollectAncestors(convergence);
        FindPostDominators(convergence);
        foreach (var node in ancestors)
        {
            // "Below" is: on a path that begins at a shared source. All of these nodes lead to the convergence. A node whose one edge
            // leads straight to it is dominated by it as well, but no ancestor is below such a node.
            below[node] = false;
            foreach (var input in flow.InputsOf(node))
            {
                below[node] |= below[input] || dominator[input] == convergence;
            }

            if (below[node])
            {
                members.Add(node);
            }
        }

        return members;
    }

    private void CollectAncestors(int convergence)
    {
        ancestors.Clear();
        var open = new Stack<int>();
        open.Push(convergence);
        while (open.TryPop(out var node))
        {
            foreach (var input in flow.InputsOf(node))
            {
                // Node 0 is a valid mark only for convergence 0, which has no inputs.
                if (visitedFor[input] != convergence)
                {
                    visitedFor[input] = convergence;
                    edges[input] = 0;
                    ancestors.Add(input);
                    open.Push(input);
                }
            }
        }

        ancestors.Sort();
    }

    private void FindPostDominators(int convergence)
    {
        dominator[convergence] = convergence;
        depth[convergence] = 0;
        Contribute(convergence);
        for (var index = ancestors.Count - 1; index >= 0; index--)
        {
            // All that this node leads to has a higher number and is done.
            var node = ancestors[index];
            depth[node] = depth[dominator[node]] + 1;
            Contribute(node);
        }
    }

    private void Contribute(int node)
    {
        foreach (var input in flow.InputsOf(node))
        {
            dominator[input] = edges[input]++ == 0 ? node : CommonDominator(dominator[input], node);
        }
    }

    private int CommonDominator(int left, int right)
    {
        while (left != right)
        {
            if (depth[left] >= depth[right])
            {
                left = dominator[left];
            }
            else
            {
                right = dominator[right];
            }
        }

        return left;
    }
}
