using Xunit.Abstractions;

namespace Foretell.Models.Tests;

/// <summary>How fast a mixer follows a stream whose rate changes tenfold after half a million events. Softmax itself is not here: a stream of a million would take its square.</summary>
public class ChangeOfRateTests(ITestOutputHelper output)
{
    private const int Seed = 61, Events = 1_000_000;
    private const int Looked = 10_000;
    private const double Spread = 0.25, Before = 20, After = 2;

    private static readonly Lazy<ForecastModel> s_softmax = new(() => Train("softmax"));

    [Theory]
    [InlineData("aaren", true, 0, 0, 50)]
    [InlineData("linear", true, 0, 0, 50)]
    [InlineData("h2o", true, 32, 0, 50)]
    [InlineData("window", true, 32, 0, 50)]
    [InlineData("tova", true, 32, 0, 50)]
    // The paper's plain forms weigh half a million old events as they weigh a new one.
    [InlineData("aaren", false, 0, Looked, Looked)]
    [InlineData("linear", false, 0, Looked, Looked)]
    public void Step_WhenTheRateChangesTenfoldHalfWay_ForecastsTheNewOneWithin(string mixer, bool decay, int states, int least, int most)
    {
        ForecastModel model = states == 0 ? Train(mixer, decay) : s_softmax.Value.WithMixer(mixer, states);
        int needed = EventsUntilRight(model);
        output.WriteLine($"{mixer} {(states > 0 ? $"of {states} states" : decay ? "with decay" : "plain")}: {needed} events");
        Assert.InRange(needed, least, most);
    }

    /// <summary>Events after the change until nine of ten forecast medians in a row are within 20% of the true one; <see cref="Looked"/> when longer.</summary>
    private static int EventsUntilRight(ForecastModel model)
    {
        var random = new RandomStream(Seed);
        using IStateBackend backend = model.CreateBackend();
        backend.EnsureCapacity(1);
        float[] state = new float[model.StateFloats];
        var right = new Queue<bool>();
        for (int t = 0; t < Events / 2 + Looked; t++)
        {
            double median = t < Events / 2 ? Before : After;
            backend.Step([new StepInput(0, 0, median * Math.Exp(Spread * random.NextNormal()), t)], []);
            if (t >= Events / 2)
            {
                backend.Read(0, state);
                // The median lies where the survival probability is one half.
                right.Enqueue(model.LogSurvival(state, 0.8 * After) > -Math.Log(2) && model.LogSurvival(state, 1.2 * After) < -Math.Log(2));
                if (right.Count > 10)
                {
                    right.Dequeue();
                }
                if (right.Count == 10 && right.Peek() && right.Count(r => r) >= 9)
                {
                    return t - Events / 2 - 8;
                }
            }
        }
        return Looked;
    }

    /// <summary>Streams of all rates, half of which change theirs somewhere.</summary>
    private static ForecastModel Train(string mixer, bool decay = true)
    {
        EventSequence[] sequences = [.. Enumerable.Range(0, 330).Select(i =>
        {
            var random = new RandomStream(Seed, i);
            double[] times = new double[120];
            double median = Math.Exp(8 * random.NextDouble() - 2);
            int change = i % 2 == 0 ? random.NextInt(times.Length) : times.Length;
            for (int t = 1; t < times.Length; t++)
            {
                median = t == change ? Math.Exp(8 * random.NextDouble() - 2) : median;
                times[t] = times[t - 1] + median * Math.Exp(Spread * random.NextNormal());
            }
            return new EventSequence($"{i}", times, null);
        })];
        var options = new TrainingOptions { Shape = new ModelConfig { Width = 16, Layers = 1, Heads = 4, Mixer = mixer, Decay = decay }, Epochs = 30, Threads = 2 };
        return Trainer.Train(sequences[..300], sequences[300..], options).Model;
    }
}
