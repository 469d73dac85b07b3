using Foretell.Models.Activities;
using Foretell.Models.Comparison;
using Foretell.Models.Configuration;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Activities;

public sealed class ActivityTrainerTests
{
    private const double Day = 86_400;

    private static readonly TrainingOptions s_small =
        new() { Shape = new ModelConfig { Width = 16, Layers = 1, Heads = 2, TimeUnitSeconds = Day }, Epochs = 20, Threads = 1 };

    /// <summary>What closes a case depends on how it was opened, two events before: no chain of order 1 knows it.</summary>
    [Fact]
    public void Train_WhenTheBeginningTellsTheEnd_LearnsItWhereCountsOfOneEventDoNot()
    {
        var options = new ActivityComparisonOptions { Forms = [ComparisonForm.Parse("aaren")], Seeds = 2, Training = s_small };
        var comparison = new ActivityComparison(Cases(300, seed: 1), Cases(200, seed: 2), options);

        Dictionary<string, ActivityRow> rows = comparison.Run().ToDictionary(r => r.Name);

        Assert.Equal((200, 5, true), (comparison.Cases, comparison.Activities.Count, comparison.ReadsCalendar));
        ActivityEstimates form = rows["aaren"].Scores, counts = rows["markov 1"].Scores;
        Assert.InRange(counts.Accuracy!.Value.Mean, 0.5, 0.8);
        Assert.InRange(form.Accuracy!.Value.Mean, 0.83, 1);
        Assert.NotNull(form.Accuracy.Value.StandardError);
        Assert.True(form.LogLoss!.Value.Mean < rows["markov 2"].Scores.LogLoss!.Value.Mean);
        // The last event is always told by what it is.
        Assert.InRange(form.LogLossOver!.Value.Mean, 0, 0.05);
        Assert.True(form.GapError!.Value.Mean < 0.8 * rows["median after activity"].Scores.GapError!.Value.Mean);
        Assert.True(form.RemainingError!.Value.Mean < 0.8 * rows["median after activity"].Scores.RemainingError!.Value.Mean);
        Assert.Null(rows["mean by length"].Scores.Accuracy);
        Assert.Equal([(1, 1), (2, 3), (4, 4)], rows["aaren"].ByKnown.Select(p => (p.From, p.To)));
        Assert.True(rows["aaren"].BytesPerStream > 0 && rows["markov 1"].BytesPerStream is null);
    }

    /// <summary>Half of the cases go on at weekday mornings alone, which the time of the last event tells and its mark does not.</summary>
    [Fact]
    public void Train_WhenTheTimeOfDayTellsTheGap_ForecastsIt()
    {
        ActivityModel model = ActivityTrainer.Train(Nights(300, seed: 3), s_small);

        double error = Nights(100, seed: 4).Average(one => Math.Abs(model.Predict(one)[0].Gap!.Value - (one.Times[1] - one.Times[0])));

        Assert.True(model.Config.Calendar);
        Assert.InRange(error, 0, 0.07);
    }

    /// <summary>What is said after an event is made of the events up to it: a longer case says the same of its beginning.</summary>
    [Fact]
    public void Predict_OfABeginning_IsTheBeginningOfWhatIsPredicted()
    {
        ActivityModel model = ActivityTrainer.Train(Cases(60, seed: 1), s_small with { Epochs = 2 });
        EventSequence whole = Cases(1, seed: 5)[0];
        EventSequence begun = whole with { Times = whole.Times[..2], Marks = whole.Marks![..2] };

        Assert.All(model.Predict(whole).Take(2).Zip(model.Predict(begun)), said =>
        {
            Assert.Equal(said.First.Gap!.Value, said.Second.Gap!.Value, 1e-6);
            Assert.Equal(said.First.Remaining!.Value, said.Second.Remaining!.Value, 1e-6);
            Assert.All(said.First.Next!.Zip(said.Second.Next!), p => Assert.Equal(p.First, p.Second, 1e-6));
            Assert.Equal(1, said.First.Next!.Sum(), 1e-6);
        });
    }

    [Fact]
    public void Train_WhenEveryCaseBeginsAtOneTime_ReadsNoCalendar() =>
        Assert.False(ActivityTrainer.HasCalendar(
            [.. Cases(5, seed: 1).Select(s => s with { Times = [.. s.Times.Select(t => t - s.Times[0])] })]));

    [Fact]
    public void Compare_WhenACaseIsNone_SaysWhatToDo()
    {
        List<EventSequence> cases = Cases(4, seed: 1);
        string Refusal(IEnumerable<EventSequence> train, IEnumerable<EventSequence> test, ActivityComparisonOptions? options = null) =>
            Assert.Throws<ArgumentException>(() =>
                new ActivityComparison([.. train], [.. test], options ?? new ActivityComparisonOptions())).Message;

        Assert.Contains("Case 'c1' of train has events without a mark", Refusal(cases.Select((s, i) => i == 1 ? s with { Marks = null } : s), cases));
        Assert.Contains("Case 'none' of test has no events", Refusal(cases, [new EventSequence("none", [], [])]));
        Assert.Contains("The test set has no cases", Refusal(cases, []));
        Assert.Contains("Train has 5 activities, and 3 are told apart",
            Refusal(Cases(40, seed: 1), cases, new ActivityComparisonOptions { Training = new TrainingOptions { MaxMarks = 3 } }));
        Assert.Contains("tova bounds a trained model", Refusal(cases, cases, new ActivityComparisonOptions { Forms = [ComparisonForm.Parse("tova")] }));
    }

    /// <summary>Opened by mail or by telephone; then a check that takes an hour or ten days, which is repeated now and then; then closed as
    /// it was opened.</summary>
    private static List<EventSequence> Cases(int count, int seed) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var random = new RandomStream(seed, i);
        bool byMail = random.NextDouble() < 0.5;
        double start = 100 * random.NextDouble(), wait = byMail ? 10 : 0.04;
        List<double> times = [start];
        List<string> marks = [byMail ? "mail" : "call"];
        do
        {
            times.Add(times[^1] + wait * Math.Exp(0.2 * random.NextNormal()));
            marks.Add("check");
        }
        while (times.Count < 3 && random.NextDouble() < 0.3);
        times.Add(times[^1] + wait * Math.Exp(0.2 * random.NextNormal()));
        marks.Add(byMail ? "letter" : "recall");
        return new EventSequence($"c{i}", [.. times], [.. marks]);
    })];

    /// <summary>Whatever comes at any time of the day is answered at the next nine o'clock.</summary>
    private static List<EventSequence> Nights(int count, int seed) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var random = new RandomStream(seed, i);
        double asked = 200 * random.NextDouble(), nine = Math.Floor(asked) + 9 / 24.0;
        return new EventSequence($"n{i}", [asked, nine + (nine <= asked ? 1 : 0)], ["asked", "answered"]);
    })];
}
