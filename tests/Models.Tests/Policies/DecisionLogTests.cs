using Foretell.Models.PointProcess;
using Foretell.Models.Policies;

namespace Foretell.Models.Tests.Policies;

/// <summary>How a log is cut into episodes, and what is known at each decision.</summary>
public sealed class DecisionLogTests
{
    private static readonly DecisionColumns s_columns = new("net", "p");
    private static readonly double s_none = double.NaN;

    /// <summary>Decisions at 1, 3, 4 and 8; purchases at 0, 2, 5 and 9.</summary>
    private static readonly EventSequence s_stream = new("s", [0, 1, 2, 3, 4, 5, 8, 9, 10],
        ["buy", "mail", "buy", "call", "mail", "buy", "call", "buy", "look"])
    {
        Values = new Dictionary<string, double[]>
        {
            ["net"] = [50, -1, 10, -3, -1, 20, -3, 40, s_none],
            ["p"] = [s_none, 0.5, s_none, 0.25, 0.75, s_none, 0.125, s_none, s_none],
        },
    };

    [Fact]
    public void Of_WithoutAHorizon_MakesEachDecisionAnEpisodeUpToTheNext()
    {
        DecisionLog log = Read([s_stream], s_columns);

        Assert.Equal(["call", "mail"], log.Actions);
        Assert.Equal([(1, "mail", 0.5, 9.0), (3, "call", 0.25, -3), (4, "mail", 0.75, 19), (6, "call", 0.125, 37)],
            log.Episodes.Select(e => Assert.Single(e.Decisions)).Select(d => (d.Event, log.Actions[d.Action], d.Propensity, d.Reward)));
        Assert.All(log.Episodes, e => Assert.Equal(e.Decisions[0].Reward, e.Decisions[0].Return));
    }

    [Fact]
    public void Of_WithAHorizon_MakesEpisodesThatDoNotOverlapAndLeavesOutWhatGoesOn()
    {
        DecisionLog log = Read([s_stream], s_columns with { Horizon = 3.5 });

        // From 1 to 4.5; the purchase at 5 comes too late. The one from 8 to 11.5 goes on behind the last event, at 10.
        Assert.Equal([[(1, 9.0, 5.0), (3, -3, -4), (4, -1, -1)]],
            log.Episodes.Select(e => e.Decisions.Select(d => (d.Event, d.Reward, d.Return)).ToArray()));
        Assert.Equal(1, log.Unfinished);
        Assert.Equal(2, Read([s_stream with { Until = 11.5 }], s_columns with { Horizon = 3.5 }).Episodes.Count);
    }

    /// <summary>Whatever a decision's own event carries, the state before it is the same, and it is what the past alone gives.</summary>
    [Fact]
    public void State_OfADecision_IsMadeOfThePastAlone()
    {
        EventSequence other = s_stream with
        {
            Marks = [.. s_stream.Marks!.Select((m, i) => i == 4 ? "call" : m)],
            Values = new Dictionary<string, double[]>
            {
                ["net"] = [.. s_stream.Values!["net"].Select((x, i) => i >= 4 ? 1000 : x)],
                ["p"] = [.. s_stream.Values["p"].Select((x, i) => i == 4 ? 0.1 : x)],
            },
        };
        var states = StateSummaries.Of([s_stream], s_columns, ["call", "mail"]);
        double[] StateOf(EventSequence s) => DecisionLog.Of([s], s_columns, ["call", "mail"], states).Episodes[2].Decisions[0].State;
        EventSequence past = s_stream with
        {
            Times = s_stream.Times[..4],
            Marks = s_stream.Marks![..4],
            Values = s_stream.Values.ToDictionary(v => v.Key, v => v.Value[..4]),
        };

        Assert.Equal(states.Count, StateOf(s_stream).Length);
        Assert.Equal(StateOf(s_stream), StateOf(other));
        Assert.Equal(StateOf(s_stream), states.After(past, time: 4));
    }

    [Fact]
    public void Of_WhenALogSaysTooLittle_SaysWhatIsMissing()
    {
        string Refusal(EventSequence stream, DecisionColumns columns) =>
            Assert.Throws<ArgumentException>(() => Read([stream], columns)).Message;
        EventSequence With(string value, int at, double x) => s_stream with
        {
            Values = s_stream.Values!.ToDictionary(v => v.Key,
                v => v.Key != value ? v.Value : [.. v.Value.Select((y, i) => i == at ? x : y)]),
        };

        Assert.Contains("No event of train carries a value 'q'", Refusal(s_stream, s_columns with { Propensity = "q" }));
        Assert.Contains("No event carries a value 'gross', which is to be the reward; there is net, p.", Refusal(s_stream, s_columns with { Reward = "gross" }));
        Assert.Contains("Event 3 of stream 's' is a decision, and its 'p' is 0; expected the probability of its action", Refusal(With("p", 3, 0), s_columns));
        Assert.Contains("Event 3 of stream 's' is a decision, and its 'p' is missing", Refusal(With("p", 3, s_none), s_columns with { Actions = ["mail", "call"] }));
        Assert.Contains("Event 1 of stream 's' is a decision for 'mail', which is none of the actions call, push", Refusal(s_stream, s_columns with { Actions = ["call", "push"] }));
        Assert.Contains("No episode of 9.5 time units ends before the streams do, at 10", Refusal(s_stream, s_columns with { Horizon = 9.5 }));
        Assert.Contains("There is one action, 'mail'", Refusal(s_stream, s_columns with { Actions = ["mail"] }));
        Assert.Contains("Stream 's' has no marks", Refusal(s_stream with { Marks = null }, s_columns));
    }

    private static DecisionLog Read(IReadOnlyList<EventSequence> streams, DecisionColumns columns)
    {
        string[] actions = DecisionLog.ActionsOf(streams, columns);
        return DecisionLog.Of(streams, columns, actions, StateSummaries.Of(streams, columns, actions));
    }
}
