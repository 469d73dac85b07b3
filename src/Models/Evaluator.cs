namespace Foretell.Models;

/// <summary>Scores of a simple method on the same events; NLL in nats per event.</summary>
public sealed record BaselineScore(double Nll, double NllTime, double NllMark);

/// <summary>How a model scores on held-out sequences. Per predicted event: events 2..N of each sequence.</summary>
public sealed record Evaluation
{
    /// <summary>Sequences read.</summary>
    public int Sequences { get; init; }
    /// <summary>Events predicted.</summary>
    public long Events { get; init; }
    /// <summary>Joint NLL, nats per event.</summary>
    public double Nll { get; init; }
    /// <summary>NLL of the inter-event times, density per time unit.</summary>
    public double NllTime { get; init; }
    /// <summary>NLL of the marks given the gap.</summary>
    public double NllMark { get; init; }
    /// <summary>Share of events whose most likely mark, before the gap is known, is right.</summary>
    public double Accuracy { get; init; }
    /// <summary>The same once the gap is known.</summary>
    public double AccuracyGivenGap { get; init; }
    /// <summary>Root mean squared error of the mean forecast of the gap, time units.</summary>
    public double Rmse { get; init; }
    /// <summary>Kolmogorov-Smirnov distance of the probability integral transform from uniform.</summary>
    public double PitKs { get; init; }
    /// <summary>Bytes of one stream's row.</summary>
    public int StateBytesPerStream { get; init; }
    /// <summary>By name: exponential, logNormalMixture (with Markov marks), markov.</summary>
    public IReadOnlyDictionary<string, BaselineScore> Baselines { get; init; } = new Dictionary<string, BaselineScore>();
}

/// <summary>Scores a model on held-out sequences with the parallel form.</summary>
public static class Evaluator
{
    /// <summary>Scores <paramref name="model"/>.</summary>
    /// <exception cref="ArgumentException">No sequence has two events.</exception>
    public static Evaluation Evaluate(ForecastModel model, IReadOnlyList<EventSequence> sequences, int threads = 1) =>
        throw new NotImplementedException();
}
