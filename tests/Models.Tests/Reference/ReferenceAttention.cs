using Foretell.Models.Configuration;

namespace Foretell.Models.Tests.Reference;

/// <summary>Attention of one head in double and plain loops over pairs of events, written from the papers and not from the fast
/// code.</summary>
internal static class ReferenceAttention
{
    /// <summary>One head's input.</summary>
    /// <param name="Query">Shape [n][d_h].</param>
    /// <param name="Key">Shape [n][d_h].</param>
    /// <param name="Value">Shape [n][d_h].</param>
    /// <param name="Times">Shape [n].</param>
    /// <param name="TimeDecay">What a score loses per unit of age.</param>
    /// <param name="EventDecay">What a score loses per later event.</param>
    public sealed record Head(double[][] Query, double[][] Key, double[][] Value, double[] Times, double TimeDecay, double EventDecay);

    /// <summary>A layer's attention: value and log-mass of every head at every event. Shape [n][head].</summary>
    /// <param name="config">Mixer, heads, decay.</param>
    /// <param name="w">Tensors of the layer.</param>
    /// <param name="hidden">Shape [n][d].</param>
    /// <param name="gaps">The first is ignored. Shape [n].</param>
    public static (double[] Value, double LogMass)[][] Run(ModelConfig config, Func<string, double[]> w, double[][] hidden, double[] gaps)
    {
        int width = config.Width / config.Heads;
        double[][] Project(string name) => [.. hidden.Select(y => ReferenceNetwork.Linear(y, w(name + ".weight"), w(name + ".bias")))];
        double[][] Part(double[][] rows, int head) => [.. rows.Select(r => r[(head * width)..((head + 1) * width)])];
        double Rate(string name, int head) => config.Decay ? Math.Exp(w(name)[head]) : 0;
        double[][] queries = Project("query"), keys = Project("key"), values = Project("value");
        double[] times = [.. gaps.Select((_, t) => gaps[1..(t + 1)].Sum())];
        return Run(config.Mixer, config.States, [.. Enumerable.Range(0, config.Heads).Select(h => new Head(
            Part(queries, h), Part(keys, h), Part(values, h), times, Rate("decay.time", h), Rate("decay.event", h)))]);
    }

    /// <summary>Logarithm of the similarity of query i and key j: exp(q k / sqrt(d_h)) for softmax, phi(q) phi(k) with phi = elu
    /// + 1 for linear attention.</summary>
    public static double LogSimilarity(string mixer, Head head, int i, int j)
    {
        double[] q = head.Query[i], k = head.Key[j];
        double faded = head.TimeDecay * (head.Times[i] - head.Times[j]) + head.EventDecay * (i - j);
        if (mixer == "linear")
        {
            static double Phi(double x) => x > 0 ? x + 1 : Math.Exp(x);
            return Math.Log(q.Zip(k, (a, b) => Phi(a) * Phi(b)).Sum()) - faded;
        }
        return q.Zip(k, (a, b) => a * b).Sum() / Math.Sqrt(q.Length) - faded;
    }

    /// <summary>Attention of query i to some events: weighted value, log of the normaliser, weights.</summary>
    public static (double[] Value, double LogMass, double[] Weights) Attend(string mixer, Head head, int i, IReadOnlyList<int> events)
    {
        double[] logs = [.. events.Select(j => LogSimilarity(mixer, head, i, j))];
        double max = logs.Max(), total = logs.Sum(x => Math.Exp(x - max));
        double[] weights = [.. logs.Select(x => Math.Exp(x - max) / total)];
        double[] value =
            [.. Enumerable.Range(0, head.Value[i].Length).Select(c => events.Select((j, at) => weights[at] * head.Value[j][c]).Sum())];
        return (value, max + Math.Log(total), weights);
    }

    /// <summary>Output of every head at every event, as a layer would read it: [n][head] of value and log-mass.</summary>
    /// <param name="mixer">As in the configuration.</param>
    /// <param name="states">Events that a policy keeps.</param>
    public static (double[] Value, double LogMass)[][] Run(string mixer, int states, Head[] heads)
    {
        int n = heads[0].Times.Length;
        var result = new (double[], double)[n][];
        // What each head keeps, oldest first. Only H2O's heads choose apart.
        List<int>[] kept = [.. heads.Select(_ => new List<int>())];
        Dictionary<int, double>[] received = [.. heads.Select(_ => new Dictionary<int, double>())];
        for (int i = 0; i < n; i++)
        {
            var weights = new double[heads.Length][];
            result[i] = new (double[], double)[heads.Length];
            for (int h = 0; h < heads.Length; h++)
            {
                kept[h].Add(i);
                (result[i][h].Item1, result[i][h].Item2, weights[h]) = Attend(mixer, heads[h], i, kept[h]);
                for (int at = 0; at < kept[h].Count; at++)
                {
                    received[h][kept[h][at]] = received[h].GetValueOrDefault(kept[h][at]) + weights[h][at];
                }
            }
            if (states == 0 || kept[0].Count <= states)
            {
                continue;
            }
            for (int h = 0; h < heads.Length; h++)
            {
                kept[h].RemoveAt(mixer switch
                {
                    "tova" => Lowest(Enumerable.Range(0, kept[h].Count).Select(at => weights.Average(w => w[at]))),
                    "window" => 0,
                    "h2o" => Lowest(kept[h].SkipLast(states / 2).Select(j => received[h][j])),
                    _ when mixer.StartsWith("window+") => int.Parse(mixer[7..]),
                    _ => throw new ArgumentException(mixer),
                });
            }
        }
        return result;
    }

    private static int Lowest(IEnumerable<double> values)
    {
        double[] all = [.. values];
        return Array.IndexOf(all, all.Min());
    }
}
