namespace Foretell.Models.Policies;

/// <summary>Which actions the log took often enough, by state, to say anything of them: a tree divides the states into cells in which the
/// log acted differently, and an action counts in a cell if it had a share of its decisions.</summary>
/// <remarks>Sources: Breiman, Friedman, Olshen, Stone, Classification and Regression Trees, 1984, with the deviance; Sachdeva, Su,
/// Joachims, Off-policy Bandits with Deficient Support, KDD 2020 (restricting the policy).</remarks>
public sealed class ActionSupport
{
    /// <summary>Least share of a cell's decisions that an action needs, unless told otherwise.</summary>
    public const double DefaultLeast = 0.01;

    private const int Depth = 6, Bins = 16, LeastOfCell = 200, LeastOfAction = 20;

    private readonly Node _root;

    private ActionSupport(Node root) => _root = root;

    /// <summary>Cells of the tree.</summary>
    public int Cells => _root.Cells;

    /// <summary>Grows the tree on a log.</summary>
    /// <param name="train">The log.</param>
    /// <param name="least">Share that an action needs in a cell; 0 lets every action count everywhere.</param>
    public static ActionSupport Of(DecisionLog train, double least = DefaultLeast)
    {
        Decision[] all = [.. train.Episodes.SelectMany(e => e.Decisions)];
        double[][] cuts = [.. Enumerable.Range(0, all[0].State.Length).Select(f =>
        {
            double[] sorted = [.. all.Select(d => d.State[f]).Order()];
            return Enumerable.Range(1, Bins - 1).Select(b => sorted[(int)((long)b * sorted.Length / Bins)]).Distinct().ToArray();
        })];
        return new ActionSupport(least > 0 ? Grow(all, train.Actions.Count, cuts, least, Depth)
            : new Node([.. train.Actions.Select(_ => true)], 0, 0, null, null));
    }

    /// <summary>Whether each action counts in a state. Shape [actions]; shared, and not to be changed.</summary>
    public IReadOnlyList<bool> In(double[] state)
    {
        Node at = _root;
        while (at.Below is not null)
        {
            at = state[at.Feature] < at.Cut ? at.Below : at.Above!;
        }
        return at.Supported;
    }

    private static Node Grow(Decision[] decisions, int actions, double[][] cuts, double least, int depth)
    {
        int[] counts = Counts(decisions, actions);
        bool[] supported = [.. counts.Select(n => n >= least * decisions.Length)];
        int leastOfCell = Math.Max(LeastOfCell, LeastOfAction * actions);
        // Chance alone gives a split a deviance of actions - 1 on average, with a variance of twice that; thousands of splits are tried.
        double best = actions - 1 + 6 * Math.Sqrt(2.0 * (actions - 1)), whole = Deviance(counts);
        (int Feature, double Cut)? split = null;
        for (int f = 0; depth > 0 && f < cuts.Length; f++)
        {
            int[][] bins = [.. Enumerable.Range(0, cuts[f].Length + 1).Select(_ => new int[actions])];
            foreach (Decision d in decisions)
            {
                int place = Array.BinarySearch(cuts[f], d.State[f]);
                bins[place >= 0 ? place + 1 : ~place][d.Action]++;
            }
            int[] below = new int[actions];
            for (int c = 0; c < cuts[f].Length; c++)
            {
                for (int a = 0; a < actions; a++)
                {
                    below[a] += bins[c][a];
                }
                int size = below.Sum();
                if (size >= leastOfCell && decisions.Length - size >= leastOfCell
                    && whole - Deviance(below) - Deviance([.. counts.Zip(below, (n, b) => n - b)]) is var gain && gain > best)
                {
                    (best, split) = (gain, (f, cuts[f][c]));
                }
            }
        }
        return split is not { } at ? new Node(supported, 0, 0, null, null) : new Node(supported, at.Feature, at.Cut,
            Grow([.. decisions.Where(d => d.State[at.Feature] < at.Cut)], actions, cuts, least, depth - 1),
            Grow([.. decisions.Where(d => d.State[at.Feature] >= at.Cut)], actions, cuts, least, depth - 1));
    }

    private static int[] Counts(Decision[] decisions, int actions)
    {
        int[] counts = new int[actions];
        foreach (Decision d in decisions)
        {
            counts[d.Action]++;
        }
        return counts;
    }

    /// <summary>Twice the negative log-likelihood of the actions by their own shares.</summary>
    private static double Deviance(int[] counts)
    {
        double size = counts.Sum();
        return -2 * counts.Where(n => n > 0).Sum(n => n * Math.Log(n / size));
    }

    private sealed record Node(bool[] Supported, int Feature, double Cut, Node? Below, Node? Above)
    {
        public int Cells => Below is null ? 1 : Below.Cells + Above!.Cells;
    }
}
