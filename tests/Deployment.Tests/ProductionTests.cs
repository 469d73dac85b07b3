using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Foretell.Deployment.Tests.Control;
using Foretell.Deployment.Tests.Kubelet;
using Foretell.Deployment.Tests.Load;
using Foretell.Support;

namespace Foretell.Deployment.Tests;

/// <summary>What happens to an installation of the production overlay, one thing after the other, while senders go on.</summary>
public sealed partial class ProductionTests(ITestOutputHelper output)
{
    /// <summary>Far beyond what was ever seen on two busy processors.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan s_databaseAway = TimeSpan.FromSeconds(60);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _acknowledged;

    [Fact]
    public async Task Production_WhenStartedUpdatedKilledScaledAndEnded_LosesNothing()
    {
        await using Production production = await Production.CreateAsync();
        try
        {
            await StartWithoutDatabaseAsync(production);
            await UpdateAsync(production);
            await KillOneOfEachAsync(production);
            await LetAllWorkersGoAsync(production);
            await CutThePowerAsync(production);
            await ScaleAsync(production);
            await EndWithoutDatabaseAsync(production);
        }
        catch
        {
            Tell(string.Join('\n', production.Namespace.Everyone.SelectMany(p => p.History.Split('\n')).Order(StringComparer.Ordinal)));
            throw;
        }
    }

    /// <summary>The database comes 60 s after the pods: they wait, and no probe loses its patience.</summary>
    private async Task StartWithoutDatabaseAsync(Production production)
    {
        await production.Postgres.StopAsync();
        production.Apply();
        await Task.Delay(s_databaseAway);
        Assert.DoesNotContain(production.Namespace.Pods, p => p.IsReady);
        await production.Postgres.StartAsync();
        var clock = Stopwatch.StartNew();
        await production.RolledOutAsync(s_limit);
        Tell($"start: all {production.Namespace.Pods.Count()} pods ready {clock.Elapsed.TotalSeconds:0.0} s after the database came");
        Assert.All(production.Namespace.Pods, p => Assert.Equal(0, p.EndedByProbe));
        Assert.DoesNotContain(production.Namespace.Pods, p => p.History.Contains("ended with 1", StringComparison.Ordinal));
        _acknowledged = await Questions.SeedAsync(production.Service, production.Partitions);
        await production.AppliedAsync(_acknowledged, s_limit);
    }

    /// <summary>A new release for every Deployment, one after the other, and all of it taken back at once.</summary>
    private async Task UpdateAsync(Production production)
    {
        await UnderLoadAsync(production, "update", refusesNone: true, async () =>
        {
            production.Apply(Production.Next);
            await production.RolledOutAsync(s_limit);
            return "every pod replaced";
        });
    }

    private async Task KillOneOfEachAsync(Production production)
    {
        foreach ((string kind, DeploymentController deployment) in production.Namespace.Deployments.OrderBy(d => d.Key, StringComparer.Ordinal))
        {
            await UnderLoadAsync(production, $"SIGKILL of a {kind}", refusesNone: kind != "foretell-gateway", async () =>
            {
                Pod victim = deployment.Pods[0];
                victim.Kill();
                await Until.TrueAsync(() => !victim.IsReady, s_limit);
                await production.RolledOutAsync(s_limit);
                return "started again and ready";
            });
        }
    }

    private async Task LetAllWorkersGoAsync(Production production)
    {
        await UnderLoadAsync(production, "workers 3, 0, 3", refusesNone: true, async () =>
        {
            Pod[] gateways = [.. production.Gateways.Pods], workers = [.. production.Workers.Pods];
            int ready = gateways.Length;
            production.Workers.Scale(0);
            await Task.WhenAll(workers.Select(w => w.Ended)).WaitAsync(s_limit);
            string gone = $"gone after {workers.Max(w => w.TimeToEnd)!.Value.TotalSeconds:0.0} s";
            production.Workers.Scale(3);
            while (!production.Workers.Pods.All(p => p.IsReady))
            {
                ready = Math.Min(ready, gateways.Count(g => g.IsReady));
                await Task.Delay(100);
            }
            Assert.Equal(gateways.Length, ready);
            return gone;
        });
    }

    /// <summary>Every pod and the database at once; the database comes back later, so now the silos themselves wait for it.</summary>
    private async Task CutThePowerAsync(Production production)
    {
        await UnderLoadAsync(production, "SIGKILL of all pods and the database", refusesNone: false, async () =>
        {
            int before = production.Namespace.Pods.Sum(p => p.EndedByProbe);
            foreach (Pod pod in production.Namespace.Pods)
            {
                pod.Kill();
            }
            await production.Postgres.KillAsync();
            await Until.TrueAsync(() => !production.Namespace.Pods.Any(p => p.IsReady), s_limit);
            await Task.Delay(s_databaseAway / 2);
            Assert.DoesNotContain(production.Namespace.Pods, p => p.IsReady);
            await production.Postgres.StartAsync();
            var clock = Stopwatch.StartNew();
            await production.RolledOutAsync(s_limit);
            Assert.Equal(before, production.Namespace.Pods.Sum(p => p.EndedByProbe));
            return $"all ready {clock.Elapsed.TotalSeconds:0.0} s after the database came back";
        });
    }

    private async Task ScaleAsync(Production production)
    {
        await using var questions = new Questions(production.Service, production.Partitions);
        await UnderLoadAsync(production, "a fourth worker", refusesNone: true, async () =>
        {
            production.Workers.Scale(4);
            await production.RolledOutAsync(s_limit);
            var clock = Stopwatch.StartNew();
            Pod fourth = production.Workers.Pods[^1];
            await Until.TrueAsync(() => Shares(production)[fourth] == production.Partitions / 4, s_limit);
            TimeSpan took = clock.Elapsed;
            Assert.True(took < TimeSpan.FromSeconds(30), $"The fourth worker had its share {took.TotalSeconds:0.0} s after it was ready.");
            return $"has its share {took.TotalSeconds:0.0} s after it was ready";
        });
        Tell($"  questions: {questions.Asked}, refused a partition at most {questions.Refused.Max().TotalSeconds:0.00} s");
        TimeSpan[] before = [.. questions.Refused];
        await UnderLoadAsync(production, "three workers again", refusesNone: true, async () =>
        {
            Pod fourth = production.Workers.Pods[^1];
            production.Workers.Scale(3);
            await fourth.Ended.WaitAsync(s_limit);
            await Until.TrueAsync(() => Shares(production).Values.Sum() == production.Partitions, s_limit);
            return $"gone after {fourth.TimeToEnd!.Value.TotalSeconds:0.0} s";
        });
        TimeSpan worst = questions.Refused.Zip(before, (all, earlier) => all - earlier).Max();
        Tell($"  questions: {questions.Asked}, refused a partition at most {worst.TotalSeconds:0.00} s");
        Assert.Empty(questions.Surprises);
        Assert.True(worst < TimeSpan.FromSeconds(3), $"A partition was refused for {worst.TotalSeconds:0.00} s when a worker left.");
    }

    /// <summary>The database goes and does not come back: nobody is ready, nobody is started again, and everybody ends in time.</summary>
    private async Task EndWithoutDatabaseAsync(Production production)
    {
        await production.AssertEqualsReferenceAsync(_acknowledged, s_limit);
        Pod[] pods = [.. production.Namespace.Pods];
        Assert.All(pods, p => Assert.True(p.PeakMemory < p.MemoryLimit, $"{p.Name} has had {p.PeakMemory >> 20} MiB and may have {p.MemoryLimit >> 20}."));
        Tell($"memory: {string.Join(", ", pods.Select(p => $"{p.Name.Split('-')[1]} {p.PeakMemory >> 20} MiB"))}");
        await production.Postgres.StopAsync();
        var clock = Stopwatch.StartNew();
        await Until.TrueAsync(() => !pods.Any(p => p.IsReady), s_limit);
        Tell($"end: nobody is ready {clock.Elapsed.TotalSeconds:0.0} s after the database went");
        Assert.Empty(production.Service.Endpoints.Take(0));
        foreach (DeploymentController deployment in production.Namespace.Deployments.Values)
        {
            deployment.Scale(0);
        }
        await Task.WhenAll(pods.Select(p => p.Ended)).WaitAsync(s_limit);
        Tell($"end: {string.Join(", ", pods.Select(p => $"{p.Name.Split('-')[1]} {p.TimeToEnd!.Value.TotalSeconds:0.0} s"))}");
        Assert.All(production.Namespace.Everyone, p => Assert.False(p.OutlivedItsGrace, p.History));
        Assert.All(production.Namespace.Everyone, p => Assert.Equal(0, p.EndedByProbe));
    }

    /// <summary>Does something while senders go on, and waits until all that they had acknowledged is applied.</summary>
    private async Task UnderLoadAsync(Production production, string what, bool refusesNone, Func<Task<string>> work)
    {
        var clock = Stopwatch.StartNew();
        await using var appends = new Appends(production.Service);
        string seen = await work();
        await appends.StopAsync();
        _acknowledged += appends.Events;
        Tell($"{what}: {seen}; {clock.Elapsed.TotalSeconds:0.0} s, {appends.Made} appends acknowledged, {appends.Refused.Count} tries refused, "
            + $"longest append {appends.Longest.TotalSeconds:0.00} s");
        await production.AppliedAsync(_acknowledged, s_limit);
        if (refusesNone)
        {
            Assert.True(appends.Refused.Count == 0, $"{what}: appends were refused:\n{string.Join('\n', appends.Refused)}");
        }
    }

    /// <summary>How many partitions each worker serves, by what the workers say: each owner has a higher epoch than the one before.</summary>
    private static Dictionary<Pod, int> Shares(Production production)
    {
        Pod[] owners = [.. production.Workers.Everyone.SelectMany(w => Served().Matches(w.Log)
            .Select(m => (Partition: m.Groups[1].Value, Epoch: long.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture), Worker: w)))
            .GroupBy(s => s.Partition).Select(g => g.MaxBy(s => s.Epoch).Worker)];
        return production.Workers.Pods.ToDictionary(w => w, w => owners.Count(o => o == w));
    }

    private void Tell(string line) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_clock.Elapsed.TotalSeconds,6:0.0} s  {line}"));

    [GeneratedRegex(@"Partition (\d+) is served here: epoch (\d+)")]
    private static partial Regex Served();
}
