using System.Runtime.Intrinsics;
using Foretell.Models.Mixers;
using Foretell.Models.Numerics;
using Foretell.Models.Tests.Reference;
using Foretell.Support;

namespace Foretell.Models.Tests.Mixers;

public unsafe class AarenScanTests
{
    private const int Seed = 41, Heads = 4, Width = 64, HeadWidth = Width / Heads;

    public static TheoryData<int, double, bool> Lengths()
    {
        var data = new TheoryData<int, double, bool>();
        foreach (int n in new[] { 1, 2, 15, 16, 17, 100, 10_000 })
        {
            foreach (double gap in new[] { 1e-6, 1.0, 1e9 })
            {
                data.Add(n, gap, true);
            }
            data.Add(n, 1.0, false);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Forward_WhenComparedWithTheReference_AgreesForAnyChunk(int n, double gap, bool decay)
    {
        Case c = new(n, gap, decay);
        foreach (int chunk in new[] { n, 1, 7, 64 }.Where(x => x <= n))
        {
            c.Scan(chunk);
            c.AssertClose(c.Averages.Span, c.LogMass.Span);
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Advance_WhenAppliedEventByEvent_AgreesWithTheReference(int n, double gap, bool decay)
    {
        Case c = new(n, gap, decay);
        c.Step();
        c.AssertClose(c.Averages.Span, c.LogMass.Span);
    }

    [Fact]
    public void Forward_WhenGapsSpanFifteenDecades_AgreesWithTheReference()
    {
        Case c = new(2000, 0, true);
        c.Scan(2000);
        c.AssertClose(c.Averages.Span, c.LogMass.Span);
        c.Step();
        c.AssertClose(c.Averages.Span, c.LogMass.Span);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Backward_WhenComparedWithDifferences_Agrees(bool decay)
    {
        const int n = 7;
        Case c = new(n, 0.7, decay);
        double[] gAverage = FiniteDifference.Numbers(Seed + 1, n * Width), gMass = FiniteDifference.Numbers(Seed + 2, n * 16);
        c.Scan(n);
        using AlignedBuffer dAverages = Buffer(gAverage), dMass = Buffer(gMass), dValues = new(n * Width), dScores = new(n * 16),
            dTime = new(16), dEvents = new(16);
        AarenScan.Backward(c.Values.Pointer, c.Gaps.Pointer, c.Averages.Pointer, Width, c.Gates.Pointer, Heads, Width, n,
            dAverages.Pointer, Width, dMass.Pointer, 16, dValues.Pointer, dScores.Pointer, dTime.Pointer, dEvents.Pointer);

        double Loss(double[] scores, double[] values, double[] time, double[] events)
        {
            double loss = 0;
            for (int h = 0; h < Heads; h++)
            {
                (double[][] average, double[] mass) = c.Reference(h, scores, values, time[h], events[h]);
                for (int t = 0; t < n; t++)
                {
                    loss += mass[t] * gMass[t * 16 + h];
                    for (int j = 0; j < HeadWidth; j++)
                    {
                        loss += average[t][j] * gAverage[t * Width + h * HeadWidth + j];
                    }
                }
            }
            return loss;
        }
        double[] scores = c.Doubles(c.Scores), values = c.Doubles(c.Values), time = c.Doubles(c.Time), events = c.Doubles(c.Events);
        FiniteDifference.AssertGradient(x => Loss(x, values, time, events), scores, dScores.Span);
        FiniteDifference.AssertGradient(x => Loss(scores, x, time, events), values, dValues.Span);
        if (decay)
        {
            FiniteDifference.AssertGradient(x => Loss(scores, values, x, events), time, dTime.Span);
            FiniteDifference.AssertGradient(x => Loss(scores, values, time, x), events, dEvents.Span);
        }
    }

    private static AlignedBuffer Buffer(double[] numbers)
    {
        var buffer = new AlignedBuffer(numbers.Length);
        for (int i = 0; i < numbers.Length; i++)
        {
            buffer.Span[i] = (float)numbers[i];
        }
        return buffer;
    }

    /// <summary>Random scores and values with four heads of different decay.</summary>
    private sealed class Case
    {
        private readonly int _n;

        public Case(int n, double gap, bool decay)
        {
            _n = n;
            Scores = Buffer(FiniteDifference.Numbers(Seed, n * 16, 1.5));
            for (int i = 0; i < n * 16; i++)
            {
                Scores.Span[i] = i % 16 < Heads ? Scores.Span[i] : 0;
            }
            Values = Buffer(FiniteDifference.Numbers(Seed + 3, n * Width));
            var random = new RandomStream(Seed);
            Gaps = Buffer(
                [.. Enumerable.Range(0, n).Select(_ => gap == 0 ? Math.Pow(10, 15 * random.NextDouble() - 6) : gap * random.NextDouble())]);
            Time = Buffer(decay ? [0.01, 0.3, 2, 1e-7, .. new double[12]] : new double[16]);
            Events = Buffer(decay ? [0.01, 0.05, 0.3, 1e-3, .. new double[12]] : new double[16]);
            (Averages, LogMass, Gates) = (new(n * Width), new(n * 16), new(n * 16));
        }

        public AlignedBuffer Scores { get; }
        public AlignedBuffer Values { get; }
        public AlignedBuffer Gaps { get; }
        public AlignedBuffer Time { get; }
        public AlignedBuffer Events { get; }
        public AlignedBuffer Averages { get; }
        public AlignedBuffer LogMass { get; }
        public AlignedBuffer Gates { get; }

        public double[] Doubles(AlignedBuffer buffer) => Array.ConvertAll(buffer.Span.ToArray(), x => (double)x);

        public void Scan(int chunk) =>
            AarenScan.Forward(Scores.Pointer, Values.Pointer, Gaps.Pointer, Time.Pointer, Events.Pointer, Heads, Width,
            _n, Averages.Pointer, Width, LogMass.Pointer, 16, Gates.Pointer, chunk);

        /// <summary>The recurrent form with the state a row would hold.</summary>
        public void Step()
        {
            var high = Vector512.Create(AarenLanes.EmptyLogMass);
            var low = Vector512<float>.Zero;
            using var average = new AlignedBuffer(Width);
            for (int t = 0; t < _n; t++)
            {
                var fade = t == 0 ? low : Vector512.FusedMultiplyAdd(Vector512.Load(Time.Pointer),
                    Vector512.Create(Gaps.Span[t]), Vector512.Load(Events.Pointer));
                var gate = AarenLanes.Advance(ref high, ref low, Vector512.Load(Scores.Pointer + t * 16), fade);
                for (int j = 0; j < Width; j += 16)
                {
                    Dither.Lerp(Vector512.Load(average.Pointer + j), Vector512.Load(Values.Pointer + t * Width + j),
                        Vector512.Create(gate[j / HeadWidth]), Dither.Noise((uint)t, (uint)j)).Store(average.Pointer + j);
                }
                average.Span.CopyTo(Averages.Span.Slice(t * Width, Width));
                Vector512.Store(high + low, LogMass.Pointer + t * 16);
            }
        }

        public (double[][] Average, double[] LogMass) Reference(int head, double[] scores, double[] values, double time, double events)
        {
            var reference = new ReferenceNetwork.AarenHead(HeadWidth);
            double[][] average = new double[_n][];
            double[] logMass = new double[_n];
            for (int t = 0; t < _n; t++)
            {
                int start = t * Width + head * HeadWidth;
                (average[t], logMass[t]) = reference.Advance(scores[t * 16 + head], values[start..(start + HeadWidth)],
                    t == 0 ? 0 : time * Gaps.Span[t] + events);
            }
            return (average, logMass);
        }

        /// <summary>Norm of the difference over the norm of the reference, at every event.</summary>
        public void AssertClose(ReadOnlySpan<float> averages, ReadOnlySpan<float> logMass)
        {
            double[] scores = Doubles(Scores), values = Doubles(Values);
            for (int h = 0; h < Heads; h++)
            {
                (double[][] average, double[] mass) = Reference(h, scores, values, Time.Span[h], Events.Span[h]);
                for (int t = 0; t < _n; t++)
                {
                    double error = 0, norm = 0;
                    for (int j = 0; j < HeadWidth; j++)
                    {
                        double difference = averages[t * Width + h * HeadWidth + j] - average[t][j];
                        error += difference * difference;
                        norm += average[t][j] * average[t][j];
                    }
                    Assert.True(Math.Sqrt(error) <= 1e-5 * Math.Sqrt(norm), $"Head {h}, event {t} of {_n}: {Math.Sqrt(error / norm)}.");
                    Assert.True(Math.Abs(logMass[t * 16 + h] - mass[t]) <= 1e-5 * (1 + Math.Abs(mass[t])),
                        $"Head {h}, event {t}: log-mass {logMass[t * 16 + h]}, expected {mass[t]}.");
                }
            }
        }
    }
}
