using System.Diagnostics;
using System.Globalization;
using System.Net;
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

    private static readonly TimeSpan s_databaseAway = TimeSpan.FromSeconds(60), s_share = TimeSpan.FromSeconds(30),
        s_handOver = TimeSpan.FromSeconds(3);

    /// <summary>What a silo takes beyond ShutdownSeconds (BoundedStop), and room for a machine whose few processors are shared.</summary>
    private static readonly TimeSpan s_stopGrace = TimeSpan.FromSeconds(5), s_room = TimeSpan.FromSeconds(5);

    /// <summary>How often what lies between start and end is done: once, or as often as somebody asks for.</summary>
    private static readonly int s_rounds =
        int.TryParse(Environment.GetEnvironmentVariable("FORETELL_TEST_REPETITIONS"), out int rounds) ? rounds : 1;

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _acknowledged;

    [Fact]
    public async Task Production_FromAStartBeforeItsDatabaseToAnEndBehindIt_LosesNothing()
    {
        await using Production production = await Production.CreateAsync();
        try
        {
            await StartWithoutDatabaseAsync(production);
            for (int round = 0; round < s_rounds; round++)
            {
                await UpdateAsync(production, round % 2 == 0 ? Production.Next : Production.Today);
                await KillOneOfEachAsync(production);
                await LetAllWorkersGoAsync(production);
                await CutThePowerAsync(production);
                await ScaleAsync(production);
            }
            await EndWithoutDatabaseAsync(production);
        }
        catch
        {
            Tell(string.Join('\n', production.Namespace.Everyone.SelectMany(p => p.History.Split('\n')).Order(StringComparer.Ordinal)));
            throw;
        }
    }

    /// <summary>The database comes after the pods: their init containers wait, and no probe loses its patience.</summary>
    private async Task StartWithoutDatabaseAsync(Production production)
    {
        await production.Postgres.StopAsync();
        production.Apply();
        // How long it is away is what is tested; nothing is waited for.
        await Task.Delay(s_databaseAway);
        Assert.DoesNotContain(production.Namespace.Pods, p => p.IsReady);
        await production.Postgres.StartAsync();
        var clock = Stopwatch.StartNew();
        await production.RolledOutAsync(s_limit);
        Tell($"start: {production.Namespace.Pods.Count()} pods ready {clock.Elapsed.TotalSeconds:0.0} s after the database came");
        Assert.DoesNotContain(production.Namespace.Pods, p => p.History.Contains("migrate ended with 1", StringComparison.Ordinal));
        AssertNoneEndedByProbe(production);
        _acknowledged = await Questions.SeedAsync(production.Service, production.Partitions);
        await production.AppliedAsync(_acknowledged, s_limit);
    }

    /// <summary>Another release for one Deployment after the other, so that both work together in every mixture on the way. The last
    /// gateway that is replaced still ends while the next Deployment is updated, under load as well.</summary>
    private async Task UpdateAsync(Production production, string image)
    {
        foreach (string name in production.Namespace.Deployments.Keys.Order(StringComparer.Ordinal))
        {
            await UnderLoadAsync(production, $"update of {name}", gatewaysStay: true, async () =>
            {
                production.Apply(image, name);
                await production.RolledOutAsync(s_limit);
                return $"{production.Namespace.Deployments[name].Pods.Count} pods replaced";
            });
        }
    }

    /// <summary>A container that is gone is started again at its pod's address, as another silo.</summary>
    private async Task KillOneOfEachAsync(Production production)
    {
        foreach (string name in production.Namespace.Deployments.Keys.Order(StringComparer.Ordinal))
        {
            await UnderLoadAsync(production, $"SIGKILL of one {name}", gatewaysStay: name != "foretell-gateway", async () =>
            {
                Pod victim = production.Namespace.Deployments[name].Pods[0];
                var clock = Stopwatch.StartNew();
                victim.Kill();
                await Until.TrueAsync(() => !victim.IsReady, s_limit);
                await production.RolledOutAsync(s_limit);
                return $"ready again after {clock.Elapsed.TotalSeconds:0.0} s";
            });
        }
    }

    private async Task LetAllWorkersGoAsync(Production production)
    {
        await UnderLoadAsync(production, "workers 3, 0, 3", gatewaysStay: true, async () =>
        {
            Pod[] workers = [.. production.Workers.Pods];
            production.Workers.Scale(0);
            await Task.WhenAll(workers.Select(w => w.Ended)).WaitAsync(s_limit);
            production.Workers.Scale(workers.Length);
            var clock = Stopwatch.StartNew();
            await production.RolledOutAsync(s_limit);
            return $"gone after {Seconds(workers.Max(w => w.TimeToEnd))}, back {clock.Elapsed.TotalSeconds:0.0} s later";
        });
    }

    /// <summary>Every pod and the database at once. The database comes back later, and now the silos themselves wait for it.</summary>
    private async Task CutThePowerAsync(Production production)
    {
        await UnderLoadAsync(production, "SIGKILL of all pods and the database", gatewaysStay: false, async () =>
        {
            foreach (Pod pod in production.Namespace.Pods)
            {
                pod.Kill();
            }
            await production.Postgres.KillAsync();
            await Until.TrueAsync(() => !production.Namespace.Pods.Any(p => p.IsReady), s_limit);
            // As above: the time without it is what is tested.
            await Task.Delay(s_databaseAway / 4);
            Assert.DoesNotContain(production.Namespace.Pods, p => p.IsReady);
            await production.Postgres.StartAsync();
            var clock = Stopwatch.StartNew();
            await production.RolledOutAsync(s_limit);
            AssertNoneEndedByProbe(production);
            return $"all ready {clock.Elapsed.TotalSeconds:0.0} s after the database came back";
        });
    }

    private async Task ScaleAsync(Production production)
    {
        int workers = production.Workers.Pods.Count;
        await using var questions = new Questions(production.Service, production.Partitions);
        await UnderLoadAsync(production, "one worker more", gatewaysStay: true, async () =>
        {
            production.Workers.Scale(workers + 1);
            await production.RolledOutAsync(s_limit);
            var clock = Stopwatch.StartNew();
            Pod joined = production.Workers.Pods[^1];
            await Until.TrueAsync(() => Shares(production)[joined] == production.Partitions / (workers + 1), s_limit);
            Assert.True(clock.Elapsed < s_share, $"The new worker had its share {clock.Elapsed.TotalSeconds:0.0} s after it was ready, "
                + $"and {s_share.TotalSeconds} s are promised.");
            return $"has its share {clock.Elapsed.TotalSeconds:0.0} s after it was ready";
        });
        TellRefused(questions, questions.Refused);
        TimeSpan[] before = [.. questions.Refused];
        await UnderLoadAsync(production, "one worker less", gatewaysStay: true, async () =>
        {
            Pod leaving = production.Workers.Pods[^1];
            production.Workers.Scale(workers);
            await leaving.Ended.WaitAsync(s_limit);
            await Until.TrueAsync(() => Shares(production).Values.Sum() == production.Partitions, s_limit);
            return $"gone after {Seconds(leaving.TimeToEnd)}";
        });
        TimeSpan[] handOver = [.. questions.Refused.Zip(before, (all, earlier) => all - earlier)];
        TellRefused(questions, handOver);
        Assert.Empty(questions.Surprises);
        Assert.True(handOver.Max() < s_handOver, $"A partition was refused for {handOver.Max().TotalSeconds:0.00} s when a worker left, "
            + $"and {s_handOver.TotalSeconds} s are promised.");
    }

    /// <summary>The database goes and does not come back: nobody is ready, nobody is started again, and everybody ends in time.</summary>
    private async Task EndWithoutDatabaseAsync(Production production)
    {
        await production.AssertEqualsReferenceAsync(_acknowledged, s_limit);
        Pod[] pods = [.. production.Namespace.Pods];
        Tell($"{_acknowledged} events, every state as the reference has it; memory: {Each(pods, p => $"{p.PeakMemory >> 20} MiB")}");
        Assert.All(pods, p => Assert.InRange(p.PeakMemory, 1, p.MemoryLimit));

        await production.Postgres.StopAsync();
        var clock = Stopwatch.StartNew();
        await Until.TrueAsync(() => !pods.Any(p => p.IsReady) && production.Service.Endpoints.Count == 0, s_limit);
        Tell($"end: nobody is ready {clock.Elapsed.TotalSeconds:0.0} s after the database went");
        foreach (Pod pod in pods)
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await production.GetAsync(pod, "/health/ready"));
            Assert.Equal(HttpStatusCode.OK, await production.GetAsync(pod, "/health/live"));
        }

        foreach (DeploymentController deployment in production.Namespace.Deployments.Values)
        {
            deployment.Scale(0);
        }
        await Task.WhenAll(pods.Select(p => p.Ended)).WaitAsync(s_limit);
        Tell($"end: {Each(pods, p => Seconds(p.TimeToEnd))}");
        Assert.All(pods, p => Assert.True(p.TimeToEnd < p.PreStop + production.StopLimit + s_stopGrace + s_room, p.History));
        Assert.All(production.Namespace.Everyone, p => Assert.False(p.OutlivedItsGrace, p.History));
        AssertNoneEndedByProbe(production);
    }

    /// <summary>Does something while senders go on, and waits until all that was acknowledged is applied.</summary>
    /// <param name="production">The installation.</param>
    /// <param name="what">What is done.</param>
    /// <param name="gatewaysStay">True when no gateway may stop being ready and no append may be refused.</param>
    /// <param name="work">Does it, and returns what was seen.</param>
    private async Task UnderLoadAsync(Production production, string what, bool gatewaysStay, Func<Task<string>> work)
    {
        int lost = production.Gateways.Everyone.Sum(g => g.TimesLost);
        var clock = Stopwatch.StartNew();
        await using var appends = new Appends(production.Service);
        string seen = await work();
        await appends.StopAsync();
        _acknowledged += appends.Events;
        Tell($"{what}: {seen}; in {clock.Elapsed.TotalSeconds:0.0} s {appends.Made} appends acknowledged, {appends.Refused.Count} tries refused, "
            + $"the longest {appends.Longest.TotalSeconds:0.00} s");
        Assert.Empty(appends.Surprises);
        if (gatewaysStay)
        {
            Assert.True(appends.Refused.Count == 0, $"{what}: appends were refused:\n{string.Join('\n', appends.Refused)}");
            Assert.Equal(lost, production.Gateways.Everyone.Sum(g => g.TimesLost));
        }
        await production.AppliedAsync(_acknowledged, s_limit);
    }

    private static void AssertNoneEndedByProbe(Production production) =>
        Assert.All(production.Namespace.Everyone, p => Assert.True(p.EndedByProbe == 0, $"{p.History}{p.Log}"));

    /// <summary>How many partitions each worker serves, by what the workers say: each owner has a higher epoch than the one before.
    /// </summary>
    private static Dictionary<Pod, int> Shares(Production production)
    {
        Pod[] owners = [.. production.Workers.Everyone.SelectMany(w => Served().Matches(w.Log)
            .Select(m => (Partition: m.Groups[1].Value, Epoch: long.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture), Worker: w)))
            .GroupBy(s => s.Partition).Select(g => g.MaxBy(s => s.Epoch).Worker)];
        return production.Workers.Pods.ToDictionary(w => w, w => owners.Count(o => o == w));
    }

    private void TellRefused(Questions questions, IReadOnlyList<TimeSpan> refused) => Tell($"  {questions.Asked} questions so far, "
        + $"refused {string.Join(" ", refused.Where(r => r > TimeSpan.Zero).Select(r => $"{r.TotalSeconds:0.00}"))} s in "
        + $"{refused.Count(r => r > TimeSpan.Zero)} of {refused.Count} partitions");

    private void Tell(string line) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_clock.Elapsed.TotalSeconds,6:0.0} s  {line}"));

    private static string Each(IEnumerable<Pod> pods, Func<Pod, string> what) =>
        string.Join(", ", pods.Select(p => $"{p.Name.Split('-')[1]} {what(p)}"));

    private static string Seconds(TimeSpan? time) => $"{time!.Value.TotalSeconds:0.0} s";

    [GeneratedRegex(@"Partition (\d+) is served here: epoch (\d+)")]
    private static partial Regex Served();
}
