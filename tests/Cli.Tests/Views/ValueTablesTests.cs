using Foretell.Cli.Views;
using Foretell.Web.Forecasts;
using Spectre.Console;

namespace Foretell.Cli.Tests.Views;

/// <summary>What 'foretell query' shows of values, sums and kinds of streams.</summary>
public sealed class ValueTablesTests
{
    private static readonly ForecastAnswer s_forecast = Answer(
        [new ValueAnswer("amount", 0.874, 1234.56, [new(0.1, 12.5), new(0.5, 99.125), new(0.9, 1.5e7)]),
            new ValueAnswer("[temp]", 1, -0.00125, [new(0.1, -3), new(0.5, 0), new(0.9, null)])],
        [new SumAnswer("amount", 98765.4, 3, [new(0.1, 0), new(0.5, 87654.3), new(0.9, 123456)])],
        [new LabelChance("bot", 0.81), new LabelChance("human", 0.19)]);

    [Fact]
    public void Of_WhenAForecastHasAll_ShowsEachNumberInItsRow()
    {
        string[][] rows = Rows(s_forecast, 120);

        Assert.Equal("next event's values|there|mean|0.1|0.5|0.9", string.Join('|', rows[0]));
        Assert.Equal("amount|87.4 %|1235|12.5|99.12|1.5E+07", string.Join('|', rows[1]));
        Assert.Equal("[temp]|100.0 %|-0.00125|-3|0|too large", string.Join('|', rows[2]));
        Assert.Equal("sum in 10 min|mean|0.1|0.5|0.9", string.Join('|', rows[3]));
        Assert.Equal("amount|9.877E+04|0|8.765E+04|1.235E+05", string.Join('|', rows[4]));
        Assert.Equal("kind of stream|probability", string.Join('|', rows[5]));
        Assert.Equal("bot|81.0 %", string.Join('|', rows[6]));
        Assert.Equal("human|19.0 %", string.Join('|', rows[7]));
        Assert.Equal(8, rows.Length);
    }

    /// <summary>Digits that are cut would make another number of it: in a narrow window there are fewer quantiles.</summary>
    [Theory]
    [InlineData(60, "next event's values|there|mean|0.5", "amount|87.4 %|1235|99.12", "sum in 10 min|mean|0.1|0.5|0.9")]
    [InlineData(70, "next event's values|there|mean|0.1|0.5|0.9", "amount|87.4 %|1235|12.5|99.12|1.5E+07", "sum in 10 min|mean|0.1|0.5|0.9")]
    public void Of_WhenTheWindowIsNarrow_LeavesOutQuantilesAndNoDigits(int width, string heading, string amount, string sum)
    {
        string[][] rows = Rows(s_forecast, width);

        Assert.Equal(heading, string.Join('|', rows[0]));
        Assert.Equal(amount, string.Join('|', rows[1]));
        Assert.Equal(sum, string.Join('|', rows[3]));
    }

    [Fact]
    public void Of_WhenNamesAreLongAndHostile_StaysWithinTheWindow()
    {
        string name = "\e[2J" + new string('x', 60);
        ValueQuantile[] quantiles = [new(0.05, -1.234e-300), new(0.25, 1), new(0.5, 2), new(0.75, 3), new(0.95, 4)];
        ForecastAnswer awkward = Answer([new ValueAnswer(name, 0.5, 1.23456e-300, quantiles)], [], [new LabelChance(name, 1)]);

        foreach (int width in (int[])[60, 120])
        {
            string text = Rendered(awkward, width);
            Assert.DoesNotContain('\e', text);
            Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, width));
            Assert.Contains("[2Jxx", text);
            Assert.Contains("1.235E-300", text);
        }
    }

    [Fact]
    public void Of_WhenThereAreManyKinds_ShowsTheLikeliestTen()
    {
        ForecastAnswer many = Answer([], [], [.. Enumerable.Range(0, 30).Select(i => new LabelChance($"kind {i}", 1.0 / 30))]);

        string[][] rows = Rows(many, 80);

        Assert.Equal(["kind of stream", .. Enumerable.Range(0, 10).Select(i => $"kind {i}")], rows.Select(r => r[0]));
    }

    [Fact]
    public void Of_WhenAModelForecastsNeither_ShowsNothing() =>
        Assert.Equal("", Rendered(s_forecast with { Values = null, Sums = null, Label = null }, 80));

    private static string Rendered(ForecastAnswer forecast, int width)
    {
        using var text = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors,
        });
        console.Profile.Width = width;
        foreach (Table table in ValueTables.Of(forecast, console))
        {
            console.Write(table);
        }
        return text.ToString();
    }

    /// <summary>Cells of each line, which are two blanks apart or more.</summary>
    private static string[][] Rows(ForecastAnswer forecast, int width) => [.. Rendered(forecast, width)
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.Trim().Length > 0)
        .Select(line => line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    private static ForecastAnswer Answer(
        IReadOnlyList<ValueAnswer> values, IReadOnlyList<SumAnswer> sums, IReadOnlyList<LabelChance> kinds) => new()
    {
        Stream = "a", At = default, LastEventTime = default, SilenceSeconds = 0, HorizonSeconds = 600,
        Next = new NextEvent { Never = null, Mean = 1, Median = 1, Quantiles = [] },
        Survival = 1, LogSurvival = 0, ProbabilityWithinHorizon = 1, ExpectedCount = null, Count = null, Paths = null, Marks = [],
        OtherMarks = new OtherMarks(0, 0), Values = values, Sums = sums, Label = kinds,
    };
}
