using Foretell.Models.Configuration;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Tests.Reference;

/// <summary>
/// The network on one page: an event of a stream goes in at the top, what is known of the next one comes out at the bottom.
/// Plain loops in double, written from docs/models.md and the papers and not from the fast code, which the tests hold to it:
/// the step and the parallel form directly, the backward passes by differences.
/// </summary>
/// <remarks>
/// d is the width, H the heads, k the mixture's components, m the marks. Matrices are row-major, [inputs, outputs].
/// Sources: Feng et al. 2024, "Attention as an RNN", section 3.1, for the mixer; Shchur et al. 2020, "Intensity-Free Learning of
/// Temporal Point Processes", for the mixture; decay, anchoring and the mark's view of the gap are ours. The other mixers:
/// <see cref="ReferenceAttention"/>.
/// </remarks>
/// <param name="config">Shape and statistics; the mixer is Aaren.</param>
/// <param name="tensor">Weights by name, as the model file has them.</param>
internal sealed class ReferenceNetwork(ModelConfig config, Func<string, double[]> tensor)
{
    // The stream's state: every layer's heads.
    private readonly AarenHead[][] _state =
        [.. Enumerable.Range(0, config.Layers).Select(_ => AarenHead.Create(config))];

    /// <summary>Advances the stream by one event.</summary>
    /// <param name="mark">Its mark's index; 0 where there are none.</param>
    /// <param name="gap">Time units since the event before it; null for the first.</param>
    /// <param name="values">Its values, NaN where it has none; null where the model reads none.</param>
    /// <param name="own">What the stream has shown of its values before, where the model forecasts them; it takes the event in.</param>
    /// <param name="seconds">Its time, seconds; null where the model reads no calendar.</param>
    /// <param name="readings">Features of a series' reading; null where the model reads none.</param>
    /// <param name="decision">Features of an event of an episode; null where the model reads none.</param>
    /// <returns>The hidden vector that every forecast is made from. Shape [d].</returns>
    public double[] Step(int mark, double? gap, double[]? values = null, double? seconds = null, double[]? readings = null,
        ReferenceValues? own = null, double[]? decision = null)
    {
        int d = config.Width;

        // 1. Embedding: the mark's vector, plus z times the gap's; a first event has a vector of its own for the gap.
        double[] x = new double[d], marks = tensor("embed.mark"), gaps = tensor("embed.gap"), bias = tensor("embed.bias");
        for (int j = 0; j < d; j++)
        {
            x[j] = marks[mark * d + j] + bias[j] + (gap is { } tau ? Z(tau) * gaps[j] : gaps[d + j]);
        }
        if (own is not null)
        {
            Add(x, Linear(own.Features(values!), tensor("embed.value"), new double[d]));
            own.Observe(values!);
        }
        for (int v = 0; v < (own is null ? values?.Length ?? 0 : 0); v++)
        {
            // Each value times its vector, and a vector of its own for one that is missing.
            bool isMissing = double.IsNaN(values![v]);
            double factor = isMissing ? 1 : (values[v] - config.Values![v].Mean) / config.Values[v].Deviation;
            double[] vectors = tensor("embed.value");
            for (int j = 0; j < d; j++)
            {
                x[j] += factor * vectors[(isMissing ? values.Length + v : v) * d + j];
            }
        }
        if (seconds is { } moment)
        {
            // The time of day and of the week, each as a wave of its period and one of half of it.
            double[] vectors = tensor("embed.calendar"), periods = [86_400, 43_200, 604_800, 302_400];
            for (int p = 0; p < periods.Length; p++)
            {
                double angle = 2 * Math.PI * moment / periods[p];
                for (int j = 0; j < d; j++)
                {
                    x[j] += Math.Sin(angle) * vectors[2 * p * d + j] + Math.Cos(angle) * vectors[(2 * p + 1) * d + j];
                }
            }
        }

        if (readings is not null)
        {
            Add(x, Linear(readings, tensor("embed.series"), new double[d]));
        }
        if (decision is not null)
        {
            Add(x, Linear(decision, tensor("embed.action"), new double[d]));
        }

        for (int l = 0; l < config.Layers; l++)
        {
            string layer = $"layer.{l}.";
            double[] W(string name) => tensor(layer + name);

            // 2. Attention over the events so far: each head's average value, and where scores decay its log-mass.
            double[] y = LayerNorm(x, W("norm1.gain"), W("norm1.bias"));
            (double[] averages, double[] logMass) = Attend(config, W, _state[l], y, gap);
            Add(x, Linear(config.Decay ? [.. averages, .. logMass] : averages, W("output.weight"), W("output.bias")));

            // 3. Feed-forward.
            y = LayerNorm(x, W("norm2.gain"), W("norm2.bias"));
            double[] inner = Linear(y, W("feedforward.in.weight"), W("feedforward.in.bias"));
            Add(x, Linear([.. inner.Select(Silu)], W("feedforward.out.weight"), W("feedforward.out.bias")));
        }
        return LayerNorm(x, tensor("norm.gain"), tensor("norm.bias"));
    }

    /// <summary>One layer's mixer in its recurrent form.</summary>
    /// <param name="config">Width, heads, decay.</param>
    /// <param name="w">Tensors of the layer.</param>
    /// <param name="heads">The layer's state; advanced. Shape [H].</param>
    /// <param name="y">The event. Shape [d].</param>
    /// <param name="gap">Time units since the event before it; null for the first.</param>
    /// <returns>Averages [d] and log-masses [H].</returns>
    public static (double[] Averages, double[] LogMass) Attend(ModelConfig config, Func<string, double[]> w, AarenHead[] heads,
        double[] y, double? gap)
    {
        // The query is learned and the same for every event, so that key and query fold into one score vector a head.
        double[] score = Linear(y, w("score.weight"), w("score.bias")), value = Linear(y, w("value.weight"), w("value.bias"));
        int width = config.Width / config.Heads;
        double[] averages = new double[config.Width], logMass = new double[config.Heads];
        for (int h = 0; h < heads.Length; h++)
        {
            // What the older events' scores lose by age, in time and in events.
            double fade = config.Decay && gap is { } tau ? Math.Exp(w("decay.time")[h]) * tau + Math.Exp(w("decay.event")[h]) : 0;
            (double[] average, logMass[h]) = heads[h].Advance(score[h], value[(h * width)..((h + 1) * width)], fade);
            average.CopyTo(averages, h * width);
        }
        return (averages, logMass);
    }

    /// <summary>A head's running softmax: maximum score m, mass u = sum exp(s - m), weighted values w = sum exp(s - m) v.</summary>
    public sealed class AarenHead(int width)
    {
        private readonly double[] _w = new double[width];
        private double _m = double.NegativeInfinity, _u;

        /// <summary>A layer's heads before the first event.</summary>
        public static AarenHead[] Create(ModelConfig config) =>
            [.. Enumerable.Range(0, config.Heads).Select(_ => new AarenHead(config.Width / config.Heads))];

        /// <summary>Takes one event in.</summary>
        /// <param name="fade">What older scores lose first, 0 or more.</param>
        /// <returns>Attention over all events so far, w / u, and the log-mass m + ln u.</returns>
        public (double[] Average, double LogMass) Advance(double score, double[] value, double fade)
        {
            double faded = _m - fade, m = Math.Max(faded, score), keep = Math.Exp(faded - m), add = Math.Exp(score - m);
            _m = m;
            _u = _u * keep + add;
            for (int j = 0; j < _w.Length; j++)
            {
                _w[j] = _w[j] * keep + value[j] * add;
            }
            return (Array.ConvertAll(_w, w => w / _u), _m + Math.Log(_u));
        }
    }

    /// <summary>Log probabilities of a label head's classes.</summary>
    /// <param name="head">Name of the head.</param>
    public double[] Labels(double[] hidden, string head = "label")
    {
        double[] logits = Linear(hidden, tensor(head + ".weight"), tensor(head + ".bias"));
        double sum = Math.Log(logits.Select(Math.Exp).Sum());
        return [.. logits.Select(x => x - sum)];
    }

    /// <summary>Mean log density of the next readings of a series under logistic distributions beside a linear forecast.</summary>
    public double Readings(double[] hidden, double[] linear, double[] truth, double unit)
    {
        double[] place = Linear(hidden, tensor("series.place.weight"), tensor("series.place.bias")),
            scale = Linear(hidden, tensor("series.scale.weight"), tensor("series.scale.bias"));
        return truth.Select((y, h) =>
        {
            double spread = unit * Math.Exp(Math.Clamp(scale[h], -7, 3)), z = (y - linear[h] - 0.1 * unit * place[h]) / spread;
            return -z - 2 * Math.Log(1 + Math.Exp(-z)) - Math.Log(spread);
        }).Average();
    }

    /// <summary>Log density of the time to the stream's last event, given that it is not the last itself: a mixture of log-normals as that
    /// of a gap, which starts from equal ones side by side.</summary>
    public double LogRemaining(double[] hidden, double remaining)
    {
        int k = config.Components;
        var start = new NormalMixture([.. Enumerable.Repeat(-Math.Log(k), k)],
            [.. Enumerable.Range(0, k).Select(i => -2 + 4.0 * i / (k - 1))], [.. Enumerable.Repeat(0.5, k)]);
        ModelConfig scale = config with
        {
            LogGapMean = config.Remaining!.LogMean,
            LogGapDeviation = config.Remaining.LogDeviation,
            Ties = 0,
            Resolution = 0,
        };
        return LogDensity(scale, start, Linear(hidden, tensor("remaining.weight"), tensor("remaining.bias")), remaining);
    }

    /// <summary>4. The time head's outputs: logits, shifts and scales of the mixture [k each], then where training was censored the
    /// logit of no next event, then where times have ties that of a gap of 0.</summary>
    public double[] Time(double[] hidden) => Linear(hidden, tensor("time.weight"), tensor("time.bias"));

    /// <summary>The mixture over z: the one that knows no history, moved by the outputs.</summary>
    public static (double Weight, double Mean, double Deviation)[] Mixture(NormalMixture anchor, double[] outputs)
    {
        int k = anchor.Mean.Length;
        var mixture = new (double Weight, double Mean, double Deviation)[k];
        double sum = 0;
        for (int i = 0; i < k; i++)
        {
            sum += Math.Exp(anchor.LogWeight[i] + outputs[i]);
        }
        for (int i = 0; i < k; i++)
        {
            mixture[i] = (Math.Exp(anchor.LogWeight[i] + outputs[i]) / sum, anchor.Mean[i] + anchor.Deviation[i] * outputs[k + i],
                Math.Exp(Math.Clamp(Math.Log(anchor.Deviation[i]) + outputs[2 * k + i], -7, 3)));
        }
        return mixture;
    }

    /// <summary>Share of the tail in every forecast, and its scale: the geometric mean of the gap.</summary>
    private const double TailShare = 1e-4;

    private static double TailScale(ModelConfig config, NormalMixture anchor, double[] outputs) =>
        Math.Exp(Mixture(anchor, outputs).Sum(c => c.Weight * (config.LogGapMean + config.LogGapDeviation * c.Mean)));

    /// <summary>Probability of a gap of exactly 0, where times have ties.</summary>
    private static double Tie(ModelConfig config, double[] outputs) =>
        config.Ties > 0 ? 1 / (1 + Math.Exp(-outputs[3 * config.Components + (config.Censored ? 1 : 0)])) : 0;

    /// <summary>Probability that the next gap is longer than a silence, given that a next event comes.</summary>
    public static double Survival(ModelConfig config, NormalMixture anchor, double[] outputs, double silence)
    {
        double sum = 0, scale = TailScale(config, anchor, outputs);
        foreach ((double weight, double mean, double deviation) in Mixture(anchor, outputs))
        {
            sum += weight * (silence == 0 ? 1 : Normal.Survival((LogZ(config, silence) - mean) / deviation));
        }
        return (1 - Tie(config, outputs)) * ((1 - TailShare) * sum + TailShare * scale / (scale + silence));
    }

    /// <summary>The same as it is told: on a clock grid each tick's probability is spread evenly over its cell.</summary>
    public static double ToldSurvival(ModelConfig config, NormalMixture anchor, double[] outputs, double silence)
    {
        if (config.Resolution == 0)
        {
            return Survival(config, anchor, outputs, silence);
        }
        double tick = Math.Round(silence / config.Resolution), low = Math.Max(0, tick - 0.5) * config.Resolution,
            high = (tick + 0.5) * config.Resolution, share = (silence - low) / (high - low);
        return (1 - share) * Survival(config, anchor, outputs, low) + share * Survival(config, anchor, outputs, high);
    }

    /// <summary>Log density of the next gap, nats per time unit; on a clock grid the log probability of its tick, by its width; of a
    /// tie the log probability.</summary>
    public static double LogDensity(ModelConfig config, NormalMixture anchor, double[] outputs, double gap)
    {
        double tie = Tie(config, outputs);
        if (gap == 0 && tie > 0)
        {
            return Math.Log(tie);
        }
        double at = gap > 0 ? gap : config.GapFloor, half = config.Resolution / 2, scale = TailScale(config, anchor, outputs), sum = 0;
        double tick = half == 0 ? at : Math.Round(gap / config.Resolution) * config.Resolution;
        double low = Math.Max(0, tick - half), high = tick + half;
        foreach ((double weight, double mean, double deviation) in Mixture(anchor, outputs))
        {
            double Deviations(double tau) => (LogZ(config, tau) - mean) / deviation;
            sum += weight * (half == 0
                ? Normal.Density(Deviations(at)) / (deviation * config.LogGapDeviation * at)
                : (Normal.Cdf(Deviations(high)) - (low == 0 ? 0 : Normal.Cdf(Deviations(low)))) / (high - low));
        }
        double tail = scale / (scale + low) / (scale + high);
        return Math.Log((1 - tie) * ((1 - TailShare) * sum + TailShare * tail));
    }

    /// <summary>5. Log probability of each mark of an event that comes after a gap. Shape [m].</summary>
    public double[] LogMarks(double[] hidden, double gap)
    {
        double[] inner = Linear(hidden, tensor("mark.hidden.weight"), tensor("mark.hidden.bias"));
        Add(inner, Linear(GapFeatures(gap), tensor("mark.gap.weight"), new double[inner.Length]));
        double[] logits = Linear(hidden, tensor("mark.weight"), tensor("mark.bias"));
        Add(logits, Linear([.. inner.Select(Silu)], tensor("mark.mix.weight"), new double[logits.Length]));
        double max = logits.Max(), logSum = max + Math.Log(logits.Sum(logit => Math.Exp(logit - max)));
        return Array.ConvertAll(logits, logit => logit - logSum);
    }

    /// <summary>6. Log-likelihood of the values of an event that comes after a gap with a mark: whether each is there, and where it is how
    /// large, in deviations of training.</summary>
    /// <param name="own">What the stream has shown of its values before the event.</param>
    /// <param name="anchors">The mixture of each value's u that all streams together have.</param>
    public double LogValues(double[] hidden, double gap, int mark, double[] values, ReferenceValues own, NormalMixture[] anchors)
    {
        double[] told = own.Told(), inner = Linear(hidden, tensor("value.hidden.weight"), tensor("value.hidden.bias"));
        Add(inner, tensor("value.mark")[(mark * inner.Length)..((mark + 1) * inner.Length)]);
        Add(inner, Linear(GapFeatures(gap), tensor("value.gap.weight"), new double[inner.Length]));
        Add(inner, Linear(told, tensor("value.own.weight"), new double[inner.Length]));
        double[] outputs = Linear([.. inner.Select(Silu)], tensor("value.mix.weight"), tensor("value.bias"));
        Add(outputs, Linear(hidden, tensor("value.direct.weight"), new double[outputs.Length]));
        Add(outputs, Linear(told, tensor("value.skip.weight"), new double[outputs.Length]));
        double sum = 0;
        for (int v = 0; v < values.Length; v++)
        {
            // Of each value: logits, shifts and scales of 8 normals, then the logit of its being there.
            double[] mine = outputs[(25 * v)..(25 * v + 25)];
            double there = 1 / (1 + Math.Exp(-mine[24]));
            if (double.IsNaN(values[v]))
            {
                sum += Math.Log(1 - there);
                continue;
            }
            (double level, double unit) = own.Own(v);
            double u = (own.Z(v, values[v]) - level) / unit, tail = 1 / (8 * Math.Pow(1 + Math.Abs(u) / 4, 2));
            double density = Mixture(anchors[v], mine).Sum(c => c.Weight * Normal.Density((u - c.Mean) / c.Deviation) / c.Deviation);
            sum += Math.Log(there) + Math.Log(0.999 * density + 0.001 * tail) - Math.Log(unit);
        }
        return sum;
    }

    /// <summary>Joint log-likelihood of a whole sequence behind its first event: what training raises.</summary>
    public static (double Time, double Mark) LogLikelihood(ModelConfig config, Func<string, double[]> tensor, NormalMixture anchor,
        EventSequence sequence)
    {
        var network = new ReferenceNetwork(config, tensor);
        double time = 0, mark = 0;
        double[] hidden = [];
        for (int t = 0; t < sequence.Times.Length; t++)
        {
            double? gap = t == 0 ? null : sequence.Times[t] - sequence.Times[t - 1];
            int index = config.Marks.Count == 0 ? 0 : config.Marks.ToList().IndexOf(sequence.Marks![t]);
            if (gap is { } tau)
            {
                double[] outputs = network.Time(hidden);
                time += Math.Log(1 - Never(config, outputs)) + LogDensity(config, anchor, outputs, tau);
                mark += config.Marks.Count == 0 ? 0 : network.LogMarks(hidden, tau)[index];
            }
            hidden = network.Step(index, gap);
        }
        if (sequence.Until is { } until)
        {
            double[] outputs = network.Time(hidden);
            double never = Never(config, outputs);
            time += Math.Log(never + (1 - never) * Survival(config, anchor, outputs, until - sequence.Times[^1]));
        }
        return (time, mark);
    }

    /// <summary>y = x W + b. Shape of W [x.Length, b.Length].</summary>
    public static double[] Linear(double[] x, double[] w, double[] b)
    {
        double[] y = [.. b];
        for (int i = 0; i < x.Length; i++)
        {
            for (int j = 0; j < y.Length; j++)
            {
                y[j] += x[i] * w[i * y.Length + j];
            }
        }
        return y;
    }

    public static double[] LayerNorm(double[] x, double[] gain, double[] bias)
    {
        double mean = x.Average(), variance = x.Average(v => (v - mean) * (v - mean));
        return [.. x.Select((v, j) => gain[j] * (v - mean) / Math.Sqrt(variance + 1e-5) + bias[j])];
    }

    public static double Silu(double x) => x / (1 + Math.Exp(-x));

    /// <summary>How mark and values see the gap that led to them.</summary>
    private double[] GapFeatures(double gap)
    {
        double z = Math.Clamp(Z(gap), -6, 6);
        return [z, z * z / 2, .. new[] { 1, 2, 4, 8, 16 }.SelectMany(s => new[] { Math.Sin(s * z), Math.Cos(s * z) })];
    }

    private double Z(double gap) => LogZ(config, Math.Max(gap, config.GapFloor));

    private static double LogZ(ModelConfig config, double tau) => (Math.Log(tau) - config.LogGapMean) / config.LogGapDeviation;

    private static double Never(ModelConfig config, double[] outputs) =>
        config.Censored ? 1 / (1 + Math.Exp(-outputs[3 * config.Components])) : 0;

    private static void Add(double[] x, double[] y)
    {
        for (int j = 0; j < x.Length; j++)
        {
            x[j] += y[j];
        }
    }
}
