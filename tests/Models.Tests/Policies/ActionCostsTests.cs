using Foretell.Models.PointProcess;
using Foretell.Models.Policies;

namespace Foretell.Models.Tests.Policies;

public class ActionCostsTests
{
    private static readonly EventSequence[] s_log =
    [
        new("a", [1, 2, 3, 4], ["mail", "buy", "call", "buy"])
        {
            Values = new Dictionary<string, double[]>
            {
                ["net"] = [double.NaN, 20, -1, double.NaN],
                ["p"] = [0.5, double.NaN, 0.5, double.NaN],
            },
        },
        new("b", [1], ["mail"]),
        new("c", [1], ["buy"]) { Values = new Dictionary<string, double[]> { ["net"] = [7] } },
    ];

    [Fact]
    public void Subtract_OfALog_TakesWhatAMarkCostsFromEachOfItsEvents()
    {
        List<EventSequence> net = ActionCosts.Subtract(s_log, "net", new Dictionary<string, double> { ["mail"] = 0.25, ["call"] = 3 });

        Assert.Equal([-0.25, 20, -4, double.NaN], net[0].Values!["net"]);
        Assert.Equal(s_log[0].Values!["p"], net[0].Values!["p"]);
        Assert.Equal([-0.25], net[1].Values!["net"]);
        Assert.Same(s_log[2], net[2]);
        // The log itself stays as it was.
        Assert.Equal(20, s_log[0].Values!["net"][1]);
        Assert.Equal(double.NaN, s_log[0].Values!["net"][0]);
    }

    [Fact]
    public void Subtract_OfAMarkThatNoEventHas_SaysSo() => Assert.Contains("'fax' is to cost something, and no event has this mark",
        Assert.Throws<ArgumentException>(() => ActionCosts.Subtract(s_log, "net", new Dictionary<string, double> { ["fax"] = 1 })).Message);
}
