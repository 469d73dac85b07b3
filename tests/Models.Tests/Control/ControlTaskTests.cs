using Foretell.Models.Control;

namespace Foretell.Models.Tests.Control;

/// <summary>The control tasks against their equations, and what their controllers and logs are worth.</summary>
public sealed class ControlTaskTests(ITestOutputHelper output)
{
    [Fact]
    public void Probe()
    {
        foreach (var make in ControlTask.All)
        {
            ControlTask task = make();
            var seeds = ControlLog.PlaySeeds(48);
            var marks = ControlLog.Marks(task, seeds);
            double hasty = seeds.Average(s => Episode.Play(task, s, o => task.Hasty(o)).Return);
            double[] sk = [.. seeds.Select(s => Episode.Play(task, s, o => task.Skilled(o)).Return).Order()];
            output.WriteLine($"{task.Name}: skilled {marks.Skilled:F1} [{sk[0]:F0},{sk[24]:F0},{sk[^1]:F0}], random {marks.Random:F1}, hasty {hasty:F1}");
            foreach (var q in LogQuality.All)
            {
                double[] r = [.. ControlLog.Of(task, q, 200).Select(e => e.Return).Order()];
                output.WriteLine($"   {q.Name}: mean {r.Average():F1} quantiles {r[0]:F0} {r[20]:F0} {r[50]:F0} {r[100]:F0} {r[150]:F0} {r[180]:F0} {r[^1]:F0}; best tenth {r[180..].Average():F1}; score {100*(r.Average()-marks.Random)/(marks.Skilled-marks.Random):F1}");
            }
        }
    }
}
