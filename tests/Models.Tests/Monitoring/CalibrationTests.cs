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
        Assert.Contains("1280", Assert.Throws<InvalidDataException>(() => Calibration.FromBytes(new byte[8])).Message);
    }

    private static StepScore Score(float pit, float confidence = 0, bool hit = false) => new(0, 0, 0, 0, pit, 0.5f, confidence, hit);
}
