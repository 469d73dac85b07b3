using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Layers;
using Foretell.Models.Mixers;
using Foretell.Models.PointProcess;
using Foretell.Support;

namespace Foretell.Models.Tests.Reference;

/// <summary>The network's operations in double and plain loops, written from docs/models.md and not from the fast code.</summary>
internal static class ReferenceNetwork
{
    /// <summary>y = x W + b for one row; W row-major [rows, columns].</summary>
    public static double[] Linear(double[] x, double[] w, double[] b)
    {
        var y = new double[b.Length];
        for (int j = 0; j < b.Length; j++)
        {
            y[j] = b[j];
            for (int i = 0; i < x.Length; i++)
            {
                y[j] += x[i] * w[i * b.Length + j];
            }
        }
        return y;
    }

    public static double[] LayerNorm(double[] x, double[] gain, double[] bias)
    {
        double mean = x.Average(), variance = x.Average(v => (v - mean) * (v - mean));
        return [.. x.Select((v, i) => gain[i] * (v - mean) / Math.Sqrt(variance + 1e-5) + bias[i])];
    }

    public static double Silu(double x) => x / (1 + Math.Exp(-x));

    /// <summary>Joint log-likelihood of a sequence under weights given by tensor name.</summary>
    public static (double Time, double Mark) LogLikelihood(ModelConfig config, Func<string, double[]> w, NormalMixture anchor,
        EventSequence sequence)
    {
        int d = config.Width, events = sequence.Times.Length, n = sequence.Until is null ? events - 1 : events, m = config.Marks.Count;
        double[] gaps = [.. sequence.Times.Select((t, i) => i == 0 ? 0 : t - sequence.Times[i - 1])];
        double Z(int t) => (Math.Log(Math.Max(gaps[t], config.GapFloor)) - config.LogGapMean) / config.LogGapDeviation;
        int Mark(int t) => m == 0 ? 0 : config.Marks.ToList().IndexOf(sequence.Marks![t]);

        double[][] x = [.. Enumerable.Range(0, n).Select(t => Enumerable.Range(0, d).Select(j =>
            w("embed.mark")[Mark(t) * d + j] + w("embed.bias")[j] + (t == 0 ? w("embed.gap")[d + j] : w("embed.gap")[j] * Z(t)))
                .ToArray())];
        for (int l = 0; l < config.Layers; l++)
        {
            double[] P(string name) => w($"layer.{l}.{name}");
            double[][] hidden = [.. x.Select(r => LayerNorm(r, P("norm1.gain"), P("norm1.bias")))];
            double[][] attended = [.. Attend(config, P, hidden, gaps[..n]).Select(heads =>
                (double[])[.. heads.SelectMany(h => h.Value), .. config.Decay ? heads.Select(h => h.LogMass) : []])];
            x = [.. x.Select((r, t) => Sum(r, Linear(attended[t], P("output.weight"), P("output.bias"))))];
            x = [.. x.Select(r =>
                Sum(r, Linear(
                [.. Linear(LayerNorm(r, P("norm2.gain"), P("norm2.bias")), P("feedforward.in.weight"), P("feedforward.in.bias"))
                .Select(Silu)],
                P("feedforward.out.weight"), P("feedforward.out.bias"))))];
        }
        double logTime = 0, logMark = 0;
        for (int t = 0; t < n; t++)
        {
            double[] hidden = LayerNorm(x[t], w("norm.gain"), w("norm.bias"));
            double[] time = Linear(hidden, w("time.weight"), w("time.bias"));
            double never = config.Censored ? 1 / (1 + Math.Exp(-time[3 * config.Components])) : 0;
            if (t + 1 == events)
            {
                logTime += Math.Log(never + (1 - never) * Survival(config, anchor, time, sequence.Until!.Value - sequence.Times[t]));
                continue;
            }
            logTime += Math.Log(1 - never) + LogDensity(config, anchor, time, gaps[t + 1]);
            if (m > 0)
            {
                double z = Math.Clamp(Z(t + 1), -6, 6);
                double[] features = [z, z * z / 2, .. new[] { 1, 2, 4, 8, 16 }.SelectMany(s => new[] { Math.Sin(s * z), Math.Cos(s * z) })];
                double[] inner =
                    Sum(Linear(hidden, w("mark.hidden.weight"), w("mark.hidden.bias")),
                    Linear(features, w("mark.gap.weight"), new double[MarkHead.HiddenWidth]));
                double[] logits =
                    Sum(Linear(hidden, w("mark.weight"), w("mark.bias")),
                    Linear([.. inner.Select(Silu)], w("mark.mix.weight"), new double[m]));
                double max = logits.Max();
                logMark += logits[Mark(t + 1)] - max - Math.Log(logits.Sum(v => Math.Exp(v - max)));
            }
        }
        return (logTime, logMark);
    }

    /// <summary>A layer's attention: value and log-mass of every head at every event.</summary>
    /// <param name="w">Tensors of the layer.</param>
    /// <param name="hidden">Shape [n][d].</param>
    /// <param name="gaps">The first is ignored. Shape [n].</param>
    public static (double[] Value, double LogMass)[][] Attend(ModelConfig config, Func<string, double[]> w, double[][] hidden,
        double[] gaps)
    {
        int headWidth = config.Width / config.Heads;
        double[][] Project(string name) => [.. hidden.Select(r => Linear(r, w(name + ".weight"), w(name + ".bias")))];
        double[][] Part(double[][] rows, int head) => [.. rows.Select(r => r[(head * headWidth)..((head + 1) * headWidth)])];
        double Rate(string name, int head) => config.Decay ? Math.Exp(w(name)[head]) : 0;
        double[][] values = Project("value");
        if (config.Mixer == "aaren")
        {
            double[][] scores = Project("score");
            (double[][] Average, double[] LogMass)[] runs = [.. Enumerable.Range(0, config.Heads).Select(h =>
                AarenReference.Run([.. scores.Select(s => s[h])], Part(values, h), gaps, Rate("decay.time", h), Rate("decay.event", h)))];
            return [.. hidden.Select((_, t) => runs.Select(run => (run.Average[t], run.LogMass[t])).ToArray())];
        }
        double[][] queries = Project("query"), keys = Project("key");
        double[] times = [.. gaps.Select((_, t) => gaps[1..(t + 1)].Sum())];
        return ReferenceAttention.Run(config.Mixer, config.States,
            [.. Enumerable.Range(0, config.Heads).Select(h => new ReferenceAttention.Head(
            Part(queries, h), Part(keys, h), Part(values, h), times, Rate("decay.time", h), Rate("decay.event", h)))]);
    }

    /// <summary>Log density of a gap under the anchored mixture, by interval on a clock grid.</summary>
    public static double LogDensity(ModelConfig config, NormalMixture anchor, double[] outputs, double gap)
    {
        double half = config.Resolution / 2;
        return Math.Log(Mix(config, anchor, outputs, (b, deviation) => config.Resolution == 0
            ? Normal.Density(b(Math.Max(gap, config.GapFloor))) / (deviation * config.LogGapDeviation * Math.Max(gap, config.GapFloor))
            : (Normal.Cdf(b(gap + half)) - (gap <= half ? 0 : Normal.Cdf(b(gap - half)))) / (gap + half - Math.Max(0, gap - half))));
    }

    /// <summary>Probability that a gap is longer than a silence, under the anchored mixture.</summary>
    public static double Survival(ModelConfig config, NormalMixture anchor, double[] outputs, double silence) =>
        Mix(config, anchor, outputs, (b, _) => silence == 0 ? 1 : Normal.Survival(b(silence)));

    /// <summary>A quantity of each component, by its weight.</summary>
    /// <param name="of">From what turns a time into deviations of the component, and from its deviation.</param>
    private static double Mix(ModelConfig config, NormalMixture anchor, double[] outputs, Func<Func<double, double>, double, double> of)
    {
        int k = config.Components;
        double[] weight = [.. Enumerable.Range(0, k).Select(i => Math.Exp(anchor.LogWeight[i] + outputs[i]))];
        double sum = 0;
        for (int i = 0; i < k; i++)
        {
            double mean = anchor.Mean[i] + anchor.Deviation[i] * outputs[k + i];
            double deviation = Math.Exp(Math.Clamp(Math.Log(anchor.Deviation[i]) + outputs[2 * k + i], -7, 3));
            sum += weight[i] / weight.Sum() * of(tau =>
                ((Math.Log(tau) - config.LogGapMean) / config.LogGapDeviation - mean) / deviation, deviation);
        }
        return sum;
    }

    private static double[] Sum(double[] x, double[] y) => [.. x.Select((v, i) => v + y[i])];
}
