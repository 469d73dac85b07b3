namespace Foretell.Models.Horizons;

/// <summary>Pairs the predictions of one mark and horizon one to one with the events that came.</summary>
internal static class HorizonMatching
{
    /// <summary>Which predictions find an event of their own, the surest ones first.</summary>
    /// <remarks>
    /// The sets of predictions that can be matched at once form a matroid, so taking them by falling score, and each that still fits,
    /// gives at once a matching of greatest total score and, of the predictions above any threshold, as many as can be matched at all.
    /// That is why one matching serves all thresholds, as Karpukhin et al. 2024 want it. A prediction fits where an augmenting path leads
    /// to a free event (Kuhn, Naval Research Logistics Quarterly 2, 1955).
    /// </remarks>
    /// <param name="predicted">Times by falling score; of equal scores in any order, which changes who is matched but not how many. Shape
    /// [p].</param>
    /// <param name="came">Times of the events. Shape [n].</param>
    /// <param name="delta">Times apart that still match, 0 or more.</param>
    /// <returns>Whether each prediction is matched. Shape [p].</returns>
    public static bool[] Match(ReadOnlySpan<double> predicted, ReadOnlySpan<double> came, double delta)
    {
        int[] owner = new int[came.Length];
        Array.Fill(owner, -1);
        var matched = new bool[predicted.Length];
        var visited = new bool[came.Length];
        for (int i = 0; i < predicted.Length; i++)
        {
            Array.Clear(visited);
            matched[i] = Augment(i, predicted, came, delta, owner, visited);
        }
        return matched;
    }

    private static bool Augment(int prediction, ReadOnlySpan<double> predicted, ReadOnlySpan<double> came, double delta, int[] owner,
        bool[] visited)
    {
        for (int j = 0; j < came.Length; j++)
        {
            if (!visited[j] && Math.Abs(predicted[prediction] - came[j]) <= delta)
            {
                visited[j] = true;
                if (owner[j] < 0 || Augment(owner[j], predicted, came, delta, owner, visited))
                {
                    owner[j] = prediction;
                    return true;
                }
            }
        }
        return false;
    }
}
