using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Foretell.Support;

namespace Foretell.Cli.Tests.Attacks;

/// <summary>A stranger who sends events of ever new streams.</summary>
public sealed class StreamQuotaAttackTests
{
    [Fact]
    public async Task Streams_WhenAStrangerMakesHundredsOfThousands_AreThoseOfTheQuotaAndTheHonestClientIsServed()
    {
        // FORETELL_ATTACK_STREAMS=500000 is the long form.
        int streams = int.Parse(Environment.GetEnvironmentVariable("FORETELL_ATTACK_STREAMS") ?? "100000", System.Globalization.CultureInfo.InvariantCulture);
        await using AttackedHost host = await AttackedHost.StartAsync("--max-streams", "10000");
        Observation quiet = await host.ObserveQuietAsync();
        using HttpClient attacker = host.Client(IPAddress.Parse("127.0.0.2"));
        long wire = 0;

        Observation seen = await host.ObserveAsync(async () =>
        {
            foreach (int[] part in Enumerable.Range(0, streams).Chunk(50_000))
            {
                var body = new StringBuilder("stream,time\n");
                Array.ForEach(part, i => body.Append(i).Append(",1700000000\n"));
                var packed = new MemoryStream();
                using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
                {
                    gzip.Write(Encoding.UTF8.GetBytes(body.ToString()));
                }
                wire += packed.Length;
                var content = new ByteArrayContent(packed.ToArray());
                content.Headers.ContentType = new("text/csv");
                content.Headers.ContentEncoding.Add("gzip");
                using HttpResponseMessage answer = await attacker.PostAsync("/v1/events", content);
                Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            }
            await Until.TrueAsync(() => Lag(attacker) == 0, TimeSpan.FromSeconds(120));
        });
        JsonNode status = JsonNode.Parse(await attacker.GetStringAsync("/v1/status"))!;
        TestContext.Current.TestOutputHelper?.WriteLine($"{wire} bytes sent, {status["streams"]} streams, {status["deadLetters"]} dead letters, data {Megabytes(host)} MB");

        Assert.InRange((int)status["streams"]!, 9_000, 10_000);
        Assert.Contains("dead letters", status["problems"]!.ToJsonString());
        seen.AssertHonestIsServed(quiet);
        Assert.InRange(seen.PeakBytes - quiet.PeakBytes, long.MinValue, 300L << 20);
    }

    private static long Lag(HttpClient client) =>
        (long)JsonNode.Parse(client.GetStringAsync("/v1/status").GetAwaiter().GetResult())!["lagEvents"]!;

    private static long Megabytes(AttackedHost host) =>
        new DirectoryInfo(host.DataDirectory).EnumerateFiles().Sum(file => file.Length) / 1_000_000;
}
