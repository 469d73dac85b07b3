using Foretell.Models.Configuration;
using Foretell.Models.Monitoring;
using Foretell.Models.Numerics;
using Foretell.Models.Stepping;
using Foretell.Models.Tests.PointProcess;

namespace Foretell.Models.Tests.Monitoring;

public class CalibrationTests
{
    private const int Seed = 51;

    [Fact]
    public void Add_WhenScoresAreUniform_HasEqualBinsAndASmallDistance()
    {
        var random = new RandomStream(Seed);
        var calibration = new Calibration();
        Assert.Null(calibration.PitKs);
        for (int i = 0; i < 100_000; i++)
        {
            calibration.Add(Score((float)random.NextDouble()));
        }
        Assert.Equal(100_000, calibration.Events);
        Assert.All(calibration.Pit.ToArray(), count => Assert.InRange(count, 850, 1150));
        Assert.InRange(calibration.PitKs!.Value, 0, Kolmogorov.Bound(100_000));
    }

    [Fact]
    public void PitKs_WhenScoresPileUp_IsTheDistance()
    {
        var calibration = new Calibration();
        for (int i = 0; i < 100; i++)
        {
            calibration.Add(Score(i < 30 ? 0.25f : i / 100f));
        }
        // Below 0.25 there are none.
        Assert.Equal(0.25, calibration.PitKs!.Value, 1e-9);
        calibration.Add(Score(1));
        calibration.Add(Score(0));
        Assert.Equal(102, calibration.Events);
    }

    [Fact]
    public void Marks_WhenCounted_TellWhatWasPredictedAndWhatCame()
    {
        var calibration = new Calibration();
        foreach ((float confidence, bool hit) in new[] { (0.81f, true), (0.84f, true), (0.83f, false), (1f, true), (0.04f, false),
            (0f, false) })
        {
            calibration.Add(Score(0.5f, confidence, hit));
        }
        Assert.Equal((3, 2), (calibration.Marks(16).Events, calibration.Marks(16).Hits));
        Assert.Equal((0.81 + 0.84 + 0.83) / 3, calibration.Marks(16).Predicted, 1e-6);
        Assert.Equal((1, 1), (calibration.Marks(19).Events, calibration.Marks(19).Hits));
        Assert.Equal((1, 0), (calibration.Marks(0).Events, calibration.Marks(0).Hits));
        // An event of a model without marks counts for its gap alone.
        Assert.Equal(5, Enumerable.Range(0, Calibration.MarkBins).Sum(i => calibration.Marks(i).Events));
        Assert.Equal(6, calibration.Events);
    }

    [Fact]
    public void Add_WhenValuesAreUniform_HasEqualBinsOfEachAndNoneOfOthers()
    {
        const int Events = 100_000;
        var random = new RandomStream(Seed, 1);
        var calibration = new Calibration();
        Assert.Null(calibration.ValuePitKs(0));
        for (int i = 0; i < Events; i++)
        {
            var bins = default(ValueBins).With(0, random.NextDouble());
            calibration.Add(Score(0.5f) with { ValueBins = i % 4 == 0 ? bins.With(3, random.NextDouble()) : bins });
        }
        Assert.Equal(Events, calibration.Events);
        foreach ((int value, int events) in new[] { (0, Events), (3, Events / 4) })
        {
            long[] pit = calibration.ValuePit(value).ToArray();
            Assert.Equal(events, pit.Sum());
            Assert.All(pit, count => Assert.InRange(count, 0.006 * events, 0.014 * events));
            Assert.InRange(calibration.ValuePitKs(value)!.Value, 0, Kolmogorov.Bound(events));
        }
        foreach (int other in new[] { 1, 2, 4, 15 })
        {
            Assert.Equal(new long[Calibration.PitBins], calibration.ValuePit(other).ToArray());
            Assert.Null(calibration.ValuePitKs(other));
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => calibration.ValuePit(-1).Length);
    }

    [Fact]
    public void ValuePitKs_WhenAValueNeverFallsLow_IsTheDistanceAndThatOfGapsStays()
    {
        var calibration = new Calibration();
        for (int i = 0; i < 100; i++)
        {
            calibration.Add(Score(i / 100f) with { ValueBins = default(ValueBins).With(1, i < 30 ? 0.3 : i / 100.0) });
        }
        Assert.Equal(0.3, calibration.ValuePitKs(1)!.Value, 1e-9);
        Assert.InRange(calibration.PitKs!.Value, 0, 0.011);
    }

    [Fact]
    public void With_WhenAValueIsTold_HasItsBinAndLeavesTheOthers()
    {
        ValueBins bins = default(ValueBins).With(0, 0).With(2, 1).With(15, 0.5051).With(7, 0.99).With(8, -1e-9).With(9, 0.00999);
        Assert.Equal([0, null, 99, null, null, null, null, 99, 0, 0, null, null, null, null, null, 50],
            Enumerable.Range(0, ModelLimits.Values).Select(value => bins[value]));
        Assert.Equal(bins, default(ValueBins).With(9, 0).With(8, 0).With(7, 1).With(15, 0.5).With(2, 0.995).With(0, 0.001));
        Assert.NotEqual(bins, bins.With(1, 0));
        Assert.NotEqual(default, default(ValueBins).With(0, 0));
    }

    /// <summary>Counts of values are kept as far as any came, so shards differ in length.</summary>
    [Fact]
    public void FromBytes_WhenValuesWereCounted_IsTheSameAndAddsUpWithFewer()
    {
        var random = new RandomStream(Seed, 2);
        Calibration none = new(), few = new(), many = new(), all = new();
        for (int i = 0; i < 900; i++)
        {
            StepScore score = Score((float)random.NextDouble());
            score = i % 3 == 0 ? score : score with { ValueBins = default(ValueBins).With(i % 3 == 1 ? 1 : 15, random.NextDouble()) };
            (i % 3 == 0 ? none : i % 3 == 1 ? few : many).Add(score);
            all.Add(score);
        }
        Assert.Equal((1280, 1280 + 2 * 800, 1280 + 16 * 800), (none.ToBytes().Length, few.ToBytes().Length, many.ToBytes().Length));
        foreach (Calibration one in new[] { none, few, many })
        {
            Assert.Equal(one, Calibration.FromBytes(one.ToBytes()));
            Assert.Equal(one, one.Copy());
        }
        Calibration upwards = none.Copy(), downwards = many.Copy();
        upwards.Add(few);
        upwards.Add(many);
        downwards.Add(few);
        downwards.Add(none);
        Assert.Equal(all, upwards);
        Assert.Equal(all, downwards);
        Assert.Equal((300, 300), (few.ValuePit(1).ToArray().Sum(), all.ValuePit(15).ToArray().Sum()));
        // A copy is its own.
        Assert.Null(none.ValuePitKs(1));
        Assert.NotEqual(none, few);
    }

    /// <summary>What releases wrote that did not count values.</summary>
    [Fact]
    public void FromBytes_OfCountsWithoutValues_GoesOnWithThem()
    {
        byte[] bytes = new byte[160 * 8];
        (bytes[0], bytes[8 * 99], bytes[8 * 100]) = (7, 5, 12);
        Calibration calibration = Calibration.FromBytes(bytes);
        Assert.Equal((12, 7, 5, 12), (calibration.Events, calibration.Pit[0], calibration.Pit[99], calibration.Marks(0).Events));
        Assert.Null(calibration.ValuePitKs(0));
        Assert.Equal(bytes, calibration.ToBytes());

        calibration.Add(Score(0) with { ValueBins = default(ValueBins).With(0, 0.5) });
        Assert.Equal((8, 1), (calibration.Pit[0], calibration.ValuePit(0)[50]));
        Assert.Equal(calibration, Calibration.FromBytes(calibration.ToBytes()));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(1280 - 800)]
    [InlineData(1279)]
    [InlineData(1281)]
    [InlineData(1280 + 799)]
    [InlineData(1280 + 17 * 800)]
    public void FromBytes_WhenTheLengthIsNone_SaysWhichAreExpected(int length) =>
        Assert.Equal($"The calibration has {length} bytes; expected 1280, and 800 more for each of at most 16 values.",
            Assert.Throws<InvalidDataException>(() => Calibration.FromBytes(new byte[length])).Message);

    [Fact]
    public void FromBytes_WhenACountIsNegative_SaysWhich()
    {
        byte[] bytes = new byte[1280 + 2 * 800];
        bytes[^1] = 0x80;
        Assert.StartsWith("Count 359 (from 0) of the calibration is -9223372036854775808",
            Assert.Throws<InvalidDataException>(() => Calibration.FromBytes(bytes)).Message);
    }

    [Fact]
    public void FromBytes_WhenWrittenBefore_IsTheSame()
    {
        var random = new RandomStream(Seed);
        Calibration one = new(), other = new(), both = new();
        for (int i = 0; i < 1000; i++)
        {
            StepScore score = Score((float)random.NextDouble(), (float)random.NextDouble(), i % 3 == 0);
            (i % 2 == 0 ? one : other).Add(score);
            both.Add(score);
        }
        Assert.Equal(one, Calibration.FromBytes(one.ToBytes()));
        Assert.NotEqual(one, other);
        one.Add(Calibration.FromBytes(other.ToBytes()));
        Assert.Equal(both, one);
        Assert.Equal(new Calibration(), Calibration.FromBytes([]));
    }

    private static StepScore Score(float pit, float confidence = 0, bool hit = false) => new(0, 0, 0, 0, pit, 0.5f, confidence, hit);
}
