using System.Net;
using System.Text;
using System.Text.Json;

namespace Foretell.Cli.Tests.Attacks;

/// <summary>Requests of some kilobytes whose answers are megabytes and seconds of computing.</summary>
public sealed class ForecastAttackTests
{
    private const int Clients = 4, Streams = 1000;

    [Fact]
    public async Task Forecasts_WhenFourClientsAskForAllTheyMay_LeaveTheHonestOneItsPace()
    {
        await using AttackedHost host = await AttackedHost.StartAsync();
        string[] streams = [.. Enumerable.Range(0, Streams).Select(i => $"s{i}")];
        using (HttpClient sender = host.Client(IPAddress.Loopback))
        {
            string events = JsonSerializer.Serialize(streams.SelectMany(stream =>
                Enumerable.Range(0, 3).Select(i => new { stream, time = 1_700_000_000 + (600 * i), mark = "visit" })));
            (await sender.PostAsync("/v1/events", new StringContent(events, Encoding.UTF8, "application/json"))).EnsureSuccessStatusCode();
        }
        string question = JsonSerializer.Serialize(new
        {
            streams,
            horizon = "30d",
            paths = 20,
            quantiles = Enumerable.Range(1, 100).Select(i => i / 101.0).ToArray(),
        });
        Observation quiet = await host.ObserveQuietAsync();
        int answered = 0, refused = 0;
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(12));

        Observation seen = await host.ObserveAsync(() => Task.WhenAll(Enumerable.Range(0, Clients).SelectMany(client =>
        {
            HttpClient attacker = host.Client(IPAddress.Parse($"127.0.0.{10 + client}"));
            return Enumerable.Range(0, 3).Select(_ => AskAsync(attacker));
        })));
        TestContext.Current.TestOutputHelper?.WriteLine($"{answered} answered, {refused} refused");

        seen.AssertHonestIsServed(quiet);
        Assert.InRange(seen.PeakBytes - quiet.PeakBytes, long.MinValue, 400L << 20);
        // They are served, too, one after the other.
        Assert.InRange(answered, 2, int.MaxValue);

        async Task AskAsync(HttpClient attacker)
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    using var content = new StringContent(question, Encoding.UTF8, "application/json");
                    using HttpResponseMessage answer = await attacker.PostAsync("/v1/forecasts", content, stop.Token);
                    Interlocked.Increment(ref answer.IsSuccessStatusCode ? ref answered : ref refused);
                }
                catch (OperationCanceledException)
                {
                    // The attack is over.
                }
            }
        }
    }
}
