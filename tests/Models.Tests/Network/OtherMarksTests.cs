using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Support;

namespace Foretell.Models.Tests.Network;

/// <summary>A model over marks that its training did not have.</summary>
public sealed class OtherMarksTests
{
    private static readonly ForecastModel s_model = TestModels.Model().WithAdaptation(true);

    [Fact]
    public void WithMarks_WhenAStreamHasHabits_GivesMarksByItsOwnDecayedCounts()
    {
        // Of ten events nine are views. Before the first counted one all marks are equally likely.
        EventSequence stream = Stream(400, t => t % 10 == 9 ? "buy" : "view");
        ForecastModel model = s_model.WithMarks(["view", "cart", "buy"]);

        Evaluation evaluation = Evaluator.Evaluate(model, [stream]);

        double expected = 0, view = 0, buy = 0, all = 0;
        for (int t = 1; t < 400; t++)
        {
            bool isBuy = t % 10 == 9;
            expected -= t >= 256 ? Math.Log(((isBuy ? buy : view) + 1) / (all + 3)) : 0;
            (view, buy, all) = (0.98 * view + (isBuy ? 0 : 1), 0.98 * buy + (isBuy ? 1 : 0), 0.98 * all + 1);
        }
        Assert.Equal(Math.Log(3), evaluation.BySeen[0].NllMark, 1e-5);
        SeenScore late = evaluation.BySeen[^1];
        Assert.Equal((256, 144), (late.From, late.Events));
        Assert.Equal(expected / 144, late.NllMark, 0.005);
        Assert.Equal(0, evaluation.UnknownMarks);
    }

    [Fact]
    public void WithMarks_WhenMarksAreOthers_LeavesTimesAsTheyAreBehindUnknownOnes()
    {
        EventSequence stream = Stream(60, _ => "view");

        Evaluation unknown = Evaluator.Evaluate(s_model, [stream]);
        Evaluation known = Evaluator.Evaluate(s_model.WithMarks(["view"]), [stream]);
        Evaluation none = Evaluator.Evaluate(s_model.WithMarks([]), [stream]);

        Assert.Equal(60, unknown.UnknownMarks);
        Assert.Equal(unknown.NllTime, known.NllTime, 1e-9);
        Assert.Equal(unknown.NllTime, none.NllTime, 1e-9);
        Assert.Equal(0, known.NllMark, 1e-9);
    }

    [Fact]
    public void WithMarks_WhenSaved_IsReadAgain()
    {
        using var folder = new TemporaryFolder();
        ForecastModel model = s_model.WithMarks(["view", "cart", "buy"]);

        model.Save(folder.At("m.safetensors"));

        ForecastModel read = ForecastModel.Load(folder.At("m.safetensors"));
        Assert.Equal((model.Id, 1, 3), (read.Id, read.MarkIndex("cart"u8), read.UnknownMark));
        Assert.NotEqual(s_model.Id, model.Id);
        Assert.Throws<ArgumentException>(() => s_model.WithMarks(["a", "a"]));
    }

    private static EventSequence Stream(int events, Func<int, string> mark) =>
        new("s", [.. Enumerable.Range(0, events).Select(t => t * 1.5)], [.. Enumerable.Range(0, events).Select(mark)]);
}
