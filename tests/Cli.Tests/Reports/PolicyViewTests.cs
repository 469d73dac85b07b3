using Foretell.Cli.Reports;
using Foretell.Cli.Views;
using Foretell.Models.Policies;
using Spectre.Console;

namespace Foretell.Cli.Tests.Reports;

/// <summary>Values of policies on terminals of several widths.</summary>
public sealed class PolicyViewTests
{
    private static readonly PolicyReport s_report = new(["a", "b"], 300, 1200, 1200, 7, 2, 500,
    [
        new("logged", 1200, 0, 0, 1, 1200, Estimates(1.5)),
        new("always [b]", 1100, 100, 0.125, 0.98, 611.4, Estimates(123.456)),
        new("always a", 1200, 0, 0, 1.02, 37.2, null),
    ]);

    [Theory]
    [InlineData(40)]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(120)]
    [InlineData(200)]
    public void Write_WhateverTheWidth_ShowsEveryFigureWhole(int width)
    {
        using var text = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No });
        console.Profile.Width = width;

        PolicyView.Write(console, s_report);

        string[] lines = text.ToString().Split('\n');
        Assert.All(lines, line => Assert.InRange(line.TrimEnd().Length, 0, width));
        Assert.All(["always [b]", "123.5 [122.5, 124.5]", "37, too small", "12.5 %", "0.98", "1,200 episodes"], shown =>
            Assert.Contains(shown, text.ToString()));
        Assert.Contains("left out", text.ToString());
    }

    private static PolicyEstimates Estimates(double value)
    {
        var estimate = new PolicyEstimate(value, value - 1, value + 1);
        return new PolicyEstimates(estimate, estimate, estimate, estimate with { Value = 0.5 });
    }
}
