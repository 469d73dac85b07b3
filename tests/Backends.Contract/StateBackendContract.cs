using System.Runtime.InteropServices;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Backends.Contract;

/// <summary>What every state backend must do. A backend's own test class inherits these tests; the CPU's backend is the measure.</summary>
public abstract class StateBackendContract
{
    private const int Streams = 60, StreamsSeed = 92;

    /// <summary>Mixers, with and without decay.</summary>
    public static TheoryData<string, bool> Forms =>
        new(from mixer in new[] { "aaren", "linear" } from decay in new[] { true, false } select (mixer, decay));

    /// <summary>How far rows may be off the CPU's after all rounds, as a share of their norm; 0 demands its bits.</summary>
    protected abstract double Tolerance { get; }

    /// <summary>Events of each stream in the long runs.</summary>
    protected virtual int Rounds => 1000;

    /// <summary>An empty slab; may skip the test at work, saying why.</summary>
    protected abstract IStateBackend Create(ForecastModel model);

    [Theory]
    [MemberData(nameof(Forms))]
    public void Step_WhenStreamsAreRandom_AgreesWithTheCpu(string mixer, bool decay)
    {
        ForecastModel model = RandomModels.Create(mixer, decay, adapt: true);
        var streams = new RandomStreams(model, Streams, StreamsSeed);
        float[][] rows = streams.Rows();
        using IStateBackend backend = Filled(Create(model), rows), cpu = Filled(new CpuStateBackend(model), rows);
        for (int i = 0; i < Rounds; i++)
        {
            StepInput[] events = streams.Next();
            cpu.Step(events);
            // Mostly whole: a device whose batches have one shape takes as long for one event as for all.
            foreach (StepInput[] piece in i % 20 == 0 ? streams.Cut(events) : [events])
            {
                backend.Step(piece);
            }
        }
        AssertAgree(model, cpu, backend, Tolerance);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Step_WhenBatchesAndOrderDiffer_GivesTheSameBits(string mixer, bool decay)
    {
        ForecastModel model = RandomModels.Create(mixer, decay, heads: 2, adapt: true);
        var streams = new RandomStreams(model, 5 * Streams, StreamsSeed + 1);
        float[][] rows = streams.Rows();
        using IStateBackend whole = Filled(Create(model), rows), cut = Filled(Create(model), rows);
        for (int i = 0; i < 10; i++)
        {
            StepInput[] events = streams.Next();
            whole.Step(events);
            foreach (StepInput[] piece in streams.Cut(events))
            {
                cut.Step(piece);
            }
        }
        AssertAgree(model, whole, cut, tolerance: 0);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Score_WhenRowsAreTheCpus_GivesTheCpusScoresAndChangesNothing(string mixer, bool decay)
    {
        ForecastModel model = RandomModels.Create(mixer, decay, adapt: true);
        var streams = new RandomStreams(model, 3 * Streams, StreamsSeed + 2);
        float[][] rows = streams.Rows();
        using IStateBackend backend = Filled(Create(model), rows), cpu = Filled(new CpuStateBackend(model), rows);
        cpu.Step(streams.Next());
        Copy(model, cpu, backend, streams.Count);
        StepInput[] events = streams.Next();
        StepScore[] expected = new StepScore[events.Length], scores = new StepScore[events.Length], both = new StepScore[events.Length];

        cpu.Score(events, expected);
        backend.Score(events, scores);

        AssertAgree(model, cpu, backend, tolerance: 0);
        Assert.Equal(expected, scores);
        backend.ScoreAndStep(events, both);
        cpu.Step(events);
        Assert.Equal(expected, both);
        AssertAgree(model, cpu, backend, Tolerance);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Step_WhenOneEventOfManyIsRefused_ChangesNothing(string mixer, bool decay)
    {
        ForecastModel model = RandomModels.Create(mixer, decay, adapt: true);
        var streams = new RandomStreams(model, 5 * Streams, StreamsSeed + 3);
        float[][] rows = streams.Rows();
        using IStateBackend backend = Filled(Create(model), rows), untouched = Filled(new CpuStateBackend(model), rows);
        StepInput[] good = streams.Next();
        foreach (StepInput bad in new StepInput[] { new(backend.Capacity, 0, 1, 0), new(-1, 0, 1, 0), new(0, model.UnknownMark + 1, 1, 0),
            new(0, -1, 1, 0), new(0, 0, -1, 1), new(0, 0, double.NaN, 1), new(0, 0, double.PositiveInfinity, 1), new(0, 0, 1, -1) })
        {
            StepInput[] events = [.. good.Where(e => e.Row != 0), bad];

            Assert.Throws<ArgumentException>(() => backend.Step(events));
            Assert.Throws<ArgumentException>(() => backend.Score(events, new StepScore[events.Length]));
            Assert.Throws<ArgumentException>(() => backend.ScoreAndStep(events, new StepScore[events.Length]));
        }
        Assert.Throws<ArgumentException>(() => backend.Score(good, new StepScore[good.Length - 1]));
        Assert.Throws<ArgumentException>(() => backend.ScoreAndStep(good, new StepScore[good.Length + 1]));

        AssertAgree(model, untouched, backend, tolerance: 0);
    }

    [Fact]
    public void EnsureCapacity_WhenItGrows_KeepsRowsAndAddsEmptyOnes()
    {
        ForecastModel model = RandomModels.Create("aaren", decay: true, adapt: true);
        var streams = new RandomStreams(model, Streams, StreamsSeed + 4);
        float[][] rows = streams.Rows();
        using IStateBackend backend = Filled(Create(model), rows), cpu = Filled(new CpuStateBackend(model), rows);
        int before = backend.Capacity, more = before + 10_000;

        backend.EnsureCapacity(more);
        cpu.EnsureCapacity(more);
        int grown = backend.Capacity;
        backend.EnsureCapacity(1);

        Assert.InRange(before, Streams, int.MaxValue);
        Assert.Equal((true, grown), (grown >= more, backend.Capacity));
        AssertAgree(model, cpu, backend, tolerance: 0);
        float[] empty = new float[model.StateFloats], last = new float[model.StateFloats];
        model.State.WriteEmpty(empty);
        backend.Read(more - 1, last);
        Assert.Equal(empty, last);
        StepInput[] events = [.. streams.Next(), new StepInput(more - 1, 0, 1, 0)];
        backend.Step(events);
        cpu.Step(events);
        AssertAgree(model, cpu, backend, Tolerance, [.. Enumerable.Range(0, Streams), more - 1]);
    }

    [Fact]
    public void Row_WhenWrittenAndRead_IsTheSame()
    {
        ForecastModel model = RandomModels.Create("linear", decay: true, adapt: true);
        float[][] rows = new RandomStreams(model, Streams, StreamsSeed + 5).Rows();
        using IStateBackend backend = Create(model);
        backend.EnsureCapacity(Streams);
        for (int i = 0; i < Streams; i++)
        {
            backend.Write(Streams - 1 - i, rows[i]);
        }
        float[] state = new float[model.StateFloats], basis = new float[model.BasisFloats];
        for (int i = 0; i < Streams; i++)
        {
            Assert.Equal(model.StateFloats, backend.RowFloats(Streams - 1 - i));
            backend.Read(Streams - 1 - i, state);
            backend.ReadBasis(Streams - 1 - i, basis);
            Assert.Equal(rows[i], state);
            Assert.Equal(rows[i][model.MixerFloats..], basis);
        }
        Assert.Throws<ArgumentException>(() => backend.Write(0, new float[model.StateFloats + 1]));
        Assert.Throws<ArgumentException>(() => backend.Read(0, new float[model.StateFloats - 1]));
        foreach (int outside in new[] { -1, backend.Capacity })
        {
            Assert.Throws<ArgumentException>(() => backend.Read(outside, state));
            Assert.Throws<ArgumentException>(() => backend.ReadBasis(outside, basis));
            Assert.Throws<ArgumentException>(() => backend.Write(outside, state));
            Assert.Throws<ArgumentException>(() => backend.RowFloats(outside));
        }
        backend.Read(Streams - 1, state);
        Assert.Equal(rows[0], state);
    }

    private static IStateBackend Filled(IStateBackend backend, float[][] rows)
    {
        backend.EnsureCapacity(rows.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            backend.Write(i, rows[i]);
        }
        return backend;
    }

    private static void Copy(ForecastModel model, IStateBackend from, IStateBackend to, int rows)
    {
        float[] state = new float[model.StateFloats];
        for (int i = 0; i < rows; i++)
        {
            from.Read(i, state);
            to.Write(i, state);
        }
    }

    /// <summary>Holds mixer states and hidden vectors each to a share of their norm, over all rows.</summary>
    private static void AssertAgree(ForecastModel model, IStateBackend expected, IStateBackend actual, double tolerance,
        IReadOnlyList<int>? rows = null)
    {
        float[] x = new float[model.StateFloats], y = new float[model.StateFloats];
        double[] norm = new double[2], difference = new double[2];
        foreach (int row in rows ?? [.. Enumerable.Range(0, Math.Min(expected.Capacity, actual.Capacity))])
        {
            expected.Read(row, x);
            actual.Read(row, y);
            int same = MemoryMarshal.Cast<float, uint>(x).CommonPrefixLength(MemoryMarshal.Cast<float, uint>(y));
            Assert.True(tolerance > 0 || same == x.Length, $"Float {same} of {x.Length} differs in row {row}.");
            for (int i = 0; i < x.Length; i++)
            {
                // The log-mass of nothing stands for minus infinity: it must be the same, and says nothing of a norm.
                if (x[i] == AarenLanes.EmptyLogMass)
                {
                    Assert.Equal(x[i], y[i]);
                    continue;
                }
                int part = i < model.MixerFloats ? 0 : 1;
                norm[part] += (double)x[i] * x[i];
                difference[part] += Math.Pow((double)y[i] - x[i], 2);
            }
        }
        for (int part = 0; part < 2; part++)
        {
            double share = norm[part] == 0 ? difference[part] : Math.Sqrt(difference[part] / norm[part]);
            TestContext.Current.TestOutputHelper?.WriteLine($"{(part == 0 ? "mixer states" : "hidden vectors")}: {share:E2} of the norm");
            Assert.True(share <= tolerance, $"{(part == 0 ? "Mixer states" : "Hidden vectors")} are off by {share:E2} of their norm.");
        }
    }
}
