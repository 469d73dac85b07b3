using Foretell.Models.Configuration;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Training;

public sealed class ValueStatisticsTests
{
    private const int Seed = 73, Streams = 200, Events = 25;

    [Fact]
    public void ScalesOf_WhenAmountsAreLogNormal_ReadsTheirLogarithms()
    {
        ValueScale scale = Assert.Single(ValueStatistics.ScalesOf(Of(("a", (level, noise) => Math.Exp(3 + level + 0.5 * noise))))!);

        Assert.Equal(("a", 1), (scale.Name, scale.Share));
        Assert.Equal(3, scale.Mean, 0.25);
        Assert.Equal(Math.Sqrt(1.25), scale.Deviation, 0.1);
        Assert.Equal(0.5 / scale.Deviation, scale.Within, 0.02);
        double least = Of(("a", (level, noise) => Math.Exp(3 + level + 0.5 * noise))).Min(s => s.Values!["a"].Min());
        Assert.Equal(least / 2, scale.Floor);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void ScalesOf_WhenReadingsAreNormal_ReadsThemAsTheyAre(double mean)
    {
        ValueScale scale = Assert.Single(ValueStatistics.ScalesOf(Of(("a", (level, noise) => mean + 2 * level + noise)))!);

        Assert.Equal(0, scale.Floor);
        Assert.Equal(mean, scale.Mean, 0.5);
        Assert.Equal(Math.Sqrt(5), scale.Deviation, 0.2);
        Assert.Equal(1 / scale.Deviation, scale.Within, 0.02);
    }

    /// <summary>In the order in which streams have them; a name that never has a number is none.</summary>
    [Fact]
    public void ScalesOf_WhenValuesAreMissing_CountsThoseThatAreThere()
    {
        EventSequence[] train = Of(("never", (_, _) => double.NaN), ("half", (_, noise) => noise > 0 ? 5 + noise : double.NaN),
            ("all", (_, noise) => -noise));
        ValueScale[] scales = ValueStatistics.ScalesOf([new EventSequence("none", [1, 2], null), .. train])!;

        Assert.Equal(["half", "all"], scales.Select(s => s.Name));
        int half = train.Sum(s => s.Values!["half"].Count(v => !double.IsNaN(v)));
        Assert.Equal(half / (2.0 + Streams * Events), scales[0].Share);
        Assert.Equal(Streams * Events / (2.0 + Streams * Events), scales[1].Share);
        Assert.Equal(1, scales[1].Within, 0.02);
    }

    /// <summary>The mean of equal numbers may be a rounding beside them, which is no deviation.</summary>
    [Theory]
    [InlineData(0.1)]
    [InlineData(0)]
    [InlineData(-7.3)]
    [InlineData(1e300)]
    public void ScalesOf_WhenAValueNeverChanges_TakesItAsItIs(double value)
    {
        ValueScale scale = Assert.Single(ValueStatistics.ScalesOf(Of(("a", (_, _) => value)))!);

        Assert.Equal((1, 0, 1), (scale.Deviation, scale.Floor, scale.Within));
        Assert.Equal(value, scale.Mean, 1e-12 * Math.Abs(value));
    }

    [Fact]
    public void ScalesOf_WhenNumbersAreExtreme_GivesWhatAModelCanHold()
    {
        Func<double, double, double>[] extremes =
        [
            (_, noise) => noise > 0 ? 1e300 : -1e300, (_, noise) => noise > 0 ? double.MaxValue : double.MinValue,
            (level, noise) => 1e-310 * Math.Abs(level + noise), (_, noise) => noise > 0 ? double.Epsilon : 3e-322,
            (_, noise) => noise > 2 ? 1e300 : 1 + 0.1 * noise, (_, noise) => Math.Exp(150 * noise),
        ];
        foreach (Func<double, double, double> extreme in extremes)
        {
            ValueScale[] scales = ValueStatistics.ScalesOf(Of(("a", extreme)))!;
            (TestModels.Config() with { Values = scales, ForecastsValues = true }).Validate();
        }
    }

    [Fact]
    public void ScalesOf_WhenThereAreNone_IsNone() => Assert.Null(ValueStatistics.ScalesOf([TestModels.History(5)]));

    [Fact]
    public void ScalesOf_WhenThereAreTooMany_SaysWhatToDo() =>
        Assert.Contains("17 values, and a model holds at most 16. Name those that it is to read", Assert.Throws<ArgumentException>(() => ValueStatistics.ScalesOf(
            Of([.. Enumerable.Range(0, 17).Select(i => ($"v{i}", (Func<double, double, double>)((_, noise) => noise)))]))).Message);

    /// <summary>Streams whose values are made of a number of their own and one of the event, both normal.</summary>
    private static EventSequence[] Of(params (string Name, Func<double, double, double> Value)[] values) =>
        [.. Enumerable.Range(0, Streams).Select(i =>
        {
            var random = new RandomStream(Seed, i);
            double level = random.NextNormal();
            double[] noise = [.. Enumerable.Range(0, Events).Select(_ => random.NextNormal())];
            return new EventSequence($"s{i}", [.. Enumerable.Range(0, Events).Select(t => (double)t)], null)
            {
                Values = values.ToDictionary(v => v.Name, v => Array.ConvertAll(noise, x => v.Value(level, x))),
            };
        })];
}
