using Foretell.Models.Actions;
using Foretell.Models.Comparison;
using Foretell.Models.Control;

namespace Foretell.Models.Tests.Actions;

/// <summary>The table: marks, simple methods and forms.</summary>
public sealed class ActionComparisonTests(ITestOutputHelper output)
{
    /// <summary>Most episodes of a medium log of cart-pole fall early. A form that hopes for the best of it balances.</summary>
    [Fact]
    public void Run_OnSmallLogs_ScoresEachFormBesideSimpleMethods()
    {
        var options = new ActionComparisonOptions
        {
            Forms = [ComparisonForm.Parse("aaren")],
            Seeds = 2,
            Episodes = 60,
            Training = TestEpisodes.Small() with { Epochs = 10 },
        };

        ActionRow[] all = [.. new ActionComparison(options).Run()], rows = [.. all[..4], all[5]];

        foreach (ActionRow row in rows)
        {
            output.WriteLine($"{row.Name}: {string.Join(", ", row.Cells.Select(c => $"{c.Task} {c.Quality} {c.Score.Mean:F1}"))}");
        }
        Assert.Equal(["logged", "cloning", "cloning the best tenth", "skilled controller", "aaren"], rows.Select(r => r.Name));
        Assert.All(rows, row => Assert.Equal(["cart-pole poor", "cart-pole medium", "cart-pole good", "pendulum poor", "pendulum medium", "pendulum good", "mountain car poor", "mountain car medium", "mountain car good"],
            row.Cells.Select(c => $"{c.Task} {c.Quality}")));
        Assert.All(rows[3].Cells, c => Assert.Equal(100, c.Score.Mean, 1e-9));
        var task = new CartPole();
        (double skilled, double random) = ControlLog.Marks(task, ControlLog.PlaySeeds(ActionComparison.Played));
        double logged = ControlLog.Of(task, LogQuality.All[0], 60).Average(e => e.Return);
        Assert.Equal(100 * (logged - random) / (skilled - random), rows[0].Cells[0].Score.Mean, 1e-9);
        Assert.True(rows[4].Cells[1].Score.Mean > 90 && rows[0].Cells[1].Score.Mean < 60);
        Assert.Equal(2, rows[4].Cells[0].PerSeed.Count);
        Assert.NotNull(rows[4].Cells[0].Score.StandardError);
        // A form's row is there after its first seed, for whom the rest takes too long.
        Assert.Equal(6, all.Length);
        Assert.Equal([rows[4].Cells[0].PerSeed[0]], all[4].Cells[0].PerSeed);
        Assert.Equal(4 * (2 * (16 + 4) + 16), rows[4].BytesPerStream);
        Assert.True(rows[4].TrainedSeconds > 0 && rows[4].PlayedSeconds > 0 && rows[0].BytesPerStream is null);
    }

    [Fact]
    public void Compare_WhatCannotBe_SaysWhatToDo()
    {
        string Refusal(ActionComparisonOptions options) => Assert.Throws<ArgumentException>(() => new ActionComparison(options)).Message;

        Assert.Contains("tova bounds a trained model, and actions are compared as trained only. Leave it out.", Refusal(new() { Forms = [ComparisonForm.Parse("tova")] }));
        Assert.Contains("A log needs 10 episodes or more, got 9.", Refusal(new() { Episodes = 9 }));
    }
}
