using Foretell.Models.Inputs;

namespace Foretell.Models.Tests.Inputs;

public sealed class CalendarInputTests
{
    private const double Day = 86_400;

    [Fact]
    public void WriteFeatures_OfAMoment_AreThePhasesOfDayAndWeek()
    {
        float[] features = new float[FeatureInput.StrideOf(CalendarInput.Count)];
        CalendarInput.WriteFeatures(3 * Day + 6 * 3600, features);

        double[] turns = [0.25, 0.5, 3.25 / 7, 6.5 / 7];
        Assert.All(turns.SelectMany(t => new[] { Math.Sin(2 * Math.PI * t), Math.Cos(2 * Math.PI * t) }).Zip(features),
            f => Assert.Equal(f.First, f.Second, 1e-6));
        Assert.All(features[CalendarInput.Count..], f => Assert.Equal(0, f));
    }

    [Fact]
    public void WriteFeatures_OfManyWeeksLater_AreTheSame()
    {
        float[] early = new float[FeatureInput.StrideOf(CalendarInput.Count)], late = new float[FeatureInput.StrideOf(CalendarInput.Count)];
        CalendarInput.WriteFeatures(5 * Day + 1234, early);
        CalendarInput.WriteFeatures(5 * Day + 1234 + 3000 * 7 * Day, late);

        Assert.All(early.Zip(late), f => Assert.Equal(f.First, f.Second, 1e-5));
        CalendarInput.WriteFeatures(6 * Day + 1234, late);
        Assert.Contains(early.Zip(late), f => Math.Abs(f.First - f.Second) > 0.3);
    }
}
