using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Training;

/// <summary>How fast a mixer follows a stream whose rate changes tenfold after half a million events.</summary>
public class ChangeOfRateTests(ITestOutputHelper output)
{
    private const int Seed = 61, Events = 1_000_000;
    private const int Looked = 10_000, Cached = 64;
    private const double Spread = 0.25, Before = 20, After = 2;

    private static readonly Lazy<ForecastModel> s_softmax = new(() => Train("softmax"));

    [Theory]
    [InlineData("aaren", true, 0, 0, 50)]
    [InlineData("linear", true, 0, 0, 50)]
    [InlineData("h2o", true, 32, 0, 50)]
    [InlineData("window", true, 32, 0, 50)]
    [InlineData("tova", true, 32, 0, 50)]
    [InlineData("window+4", true, 32, 0, 50)]
    // The paper's plain forms weigh half a million old events as they weigh a new one.
    [InlineData("aaren", false, 0, Looked, Looked)]
    [InlineData("linear", false, 0, Looked, Looked)]
    public void Step_WhenTheRateChangesTenfoldHalfWay_ForecastsTheNewOneWithin(string mixer, bool decay, int states, int least, int most)
    {
        ForecastModel model = states == 0 ? Train(mixer, decay) : s_softmax.Value.WithMixer(mixer, states);
        var random = new RandomStream(Seed);
        using IStateBackend backend = Half(model, random, Events / 2, (_, _) => { });
        int needed = EventsUntilRight(model, backend, random, Looked);
        output.WriteLine($"{mixer} {(states > 0 ? $"of {states} states" : decay ? "with decay" : "plain")}: {needed} events");
        Assert.InRange(needed, least, most);
    }

    [Theory]
    [InlineData(true, 50, 0, 50)]
    [InlineData(false, 100, 100, 100)]
    public void Step_WhenSoftmaxKeepsHalfAMillionEvents_ForecastsTheNewRateWithin(bool decay, int looked, int least, int most)
    {
        ForecastModel model = decay ? s_softmax.Value : Train("softmax", decay);
        var random = new RandomStream(Seed);
        using IStateBackend backend = CachedHalf(model, random, Events / 2 / Cached * Cached);
        int needed = EventsUntilRight(model, backend, random, looked);
        output.WriteLine($"softmax {(decay ? "with decay" : "plain")}: {needed} events");
        Assert.InRange(needed, least, most);
    }

    [Fact]
    public void CachedHalf_WhenEventsAreFew_IsTheRowOfOneEventAtATime()
    {
        ForecastModel model = s_softmax.Value;
        using IStateBackend cached = CachedHalf(model, new RandomStream(Seed), 20 * Cached);
        using IStateBackend stepped = Half(model, new RandomStream(Seed), 20 * Cached, (_, _) => { });
        float[] expected = new float[stepped.RowFloats(0)], row = new float[cached.RowFloats(0)];
        stepped.Read(0, expected);
        cached.Read(0, row);
        Assert.Equal(expected.Length, row.Length);
        // The hidden vector differs: a window's last query did not see all events. The next step replaces it.
        Assert.Equal(expected[..model.MixerFloats], row[..model.MixerFloats]);
        Assert.Equal(expected[model.StateFloats..], row[model.StateFloats..]);
    }

    /// <summary>Events after the change until nine of ten forecast medians in a row are within 20% of the true one;
    /// <paramref name="looked"/> when longer.</summary>
    /// <param name="backend">Its row 0 has the events before the change.</param>
    private static int EventsUntilRight(ForecastModel model, IStateBackend backend, RandomStream random, int looked)
    {
        float[] state = new float[model.StateFloats];
        var right = new Queue<bool>();
        for (int t = 0; t < looked; t++)
        {
            backend.Step([Next(random, After, Events / 2 + t)]);
            backend.Read(0, state);
            // The median lies where the survival probability is one half.
            right.Enqueue(new Forecaster(model).LogSurvival(state, 0.8 * After) > -Math.Log(2)
                && new Forecaster(model).LogSurvival(state, 1.2 * After) < -Math.Log(2));
            if (right.Count > 10)
            {
                right.Dequeue();
            }
            if (right.Count == 10 && right.Peek() && right.Count(r => r) >= 9)
            {
                return t - 8;
            }
        }
        return looked;
    }

    /// <summary>A row with the events before the change.</summary>
    /// <param name="stepped">Called after each event with the backend and the number of events so far.</param>
    private static IStateBackend Half(ForecastModel model, RandomStream random, int events, Action<IStateBackend, int> stepped)
    {
        IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        for (int t = 0; t < events; t++)
        {
            backend.Step([Next(random, Before, t)]);
            stepped(backend, t + 1);
        }
        return backend;
    }

    /// <summary>Softmax's row with the events before the change, without asking each of them about all others.</summary>
    /// <remarks>
    /// What the first layer keeps of an event depends on that event alone. So a window, read each time that all its events are
    /// new, holds the cache
    /// of a model of one layer piece by piece: blocks of 16 events that follow the window's header, as they follow each other in
    /// softmax's tail.
    /// </remarks>
    private static IStateBackend CachedHalf(ForecastModel model, RandomStream random, int events)
    {
        ForecastModel window = model.WithMixer("window", Cached);
        float[] piece = new float[window.StateFloats];
        int header = model.MixerFloats, kept = window.MixerFloats - header;
        float[] row = new float[model.StateFloats + events / Cached * kept];
        using IStateBackend _ = Half(window, random, events, (backend, count) =>
        {
            if (count % Cached == 0)
            {
                backend.Read(0, piece);
                piece.AsSpan(header, kept).CopyTo(row.AsSpan(model.StateFloats + (count / Cached - 1) * kept));
            }
        });
        piece.AsSpan(0, header).CopyTo(row);
        piece.AsSpan(window.MixerFloats).CopyTo(row.AsSpan(header));
        IStateBackend softmax = new CpuStateBackend(model);
        softmax.EnsureCapacity(1);
        softmax.Write(0, row);
        return softmax;
    }

    private static StepInput Next(RandomStream random, double median, long ordinal) =>
        new(0, 0, median * Math.Exp(Spread * random.NextNormal()), ordinal);

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
        var options =
            new TrainingOptions { Shape = new ModelConfig { Width = 16, Layers = 1, Heads = 4, Mixer = mixer, Decay = decay }, Epochs = 30,
            Threads = 2 };
        return Trainer.Train(sequences[..300], sequences[300..], options).Model;
    }
}
