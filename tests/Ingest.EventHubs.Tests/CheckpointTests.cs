using Foretell.FakeHub;

namespace Foretell.Ingest.EventHubs.Tests;

/// <summary>Positions in Blob storage, where KEDA and the library's tools look, by the true storage SDK.</summary>
public sealed class CheckpointTests
{
    private const string Folder = "127.0.0.1/events/$default/checkpoint/";

    [Fact]
    public async Task Feed_WithAContainer_ShowsEachPartitionsCommittedPositionThere()
    {
        await using BlobEndpoint blobs = await BlobEndpoint.StartAsync();
        await using HubFeed feed = new(partitions: 2) { HubOptions = new() { Checkpoints = CheckpointContainer.Parse(blobs.Url) } };
        Append(feed, partition: 0, events: 7);
        Append(feed, partition: 1, events: 3);
        await feed.StartAsync();
        await feed.UntilTakenAsync(10);

        await feed.UntilAsync(() => Number(blobs, 0) == "6" && Number(blobs, 1) == "2");
        Assert.Equal(feed.Hub.Partitions[0].Events()[^1].Offset, blobs.Blobs[Folder + "0"]["offset"]);
        Append(feed, partition: 0, events: 5);

        await feed.UntilAsync(() => Number(blobs, 0) == "11");
        Assert.Equal("2", Number(blobs, 1));
        // Two blobs made, one changed: what has not moved is not written.
        Assert.Equal(3, blobs.Writes);
    }

    [Theory]
    [InlineData(403, "AuthorizationPermissionMismatch", "Storage Blob Data Contributor")]
    [InlineData(404, "ContainerNotFound", "there is no container http://127.0.0.1")]
    [InlineData(409, "ContainerBeingDeleted", "answers 409 (ContainerBeingDeleted)")]
    public async Task Feed_WhenTheContainerRefuses_SaysSoOnceAndReadsOn(int status, string code, string sentence)
    {
        await using BlobEndpoint blobs = await BlobEndpoint.StartAsync();
        blobs.Refusal = (status, code);
        await using HubFeed feed = new(partitions: 1) { HubOptions = new() { Checkpoints = CheckpointContainer.Parse(blobs.Url) } };
        Append(feed, partition: 0, events: 5);
        await feed.StartAsync();

        await feed.UntilAsync(() => Warnings(feed).Length > 0);
        Assert.Contains(sentence, Warnings(feed)[0]);
        Assert.DoesNotContain("secret", Warnings(feed)[0]);
        Append(feed, partition: 0, events: 5);
        await feed.UntilTakenAsync(10);
        Assert.Empty(feed.Feed.Report().Problems);
        blobs.Refusal = null;

        await feed.UntilAsync(() => Number(blobs, 0) == "9");
        Assert.Single(Warnings(feed));
    }

    [Theory]
    [InlineData("checkpoints")]
    [InlineData("https://account.blob.core.windows.net")]
    [InlineData("ftp://account/checkpoints")]
    [InlineData("http://account.blob.core.windows.net/checkpoints?sig=secret")]
    [InlineData("@no-such-file")]
    public void Parse_OfWhatIsNoContainer_SaysWhatIsMissingAndNoSecret(string text)
    {
        string message = Assert.Throws<FormatException>(() => CheckpointContainer.Parse(text)).Message;

        Assert.DoesNotContain("secret", message);
        Assert.True(message.Contains("https://", StringComparison.Ordinal) || message.Contains("no-such-file", StringComparison.Ordinal));
    }

    private static string? Number(BlobEndpoint blobs, int partition) =>
        blobs.Blobs.TryGetValue($"{Folder}{partition}", out var metadata) ? metadata["sequencenumber"] : null;

    private static string[] Warnings(HubFeed feed) =>
        [.. feed.Log.Lines.Select(l => l.Text).Where(t => t.Contains("cannot be shown", StringComparison.Ordinal))];

    private static void Append(HubFeed feed, int partition, int events)
    {
        for (int i = 0; i < events; i++)
        {
            feed.Hub.Partitions[partition].Append(new HubMessage($$"""{"stream":"s{{partition}}","time":{{1000 + i}},"mark":"a"}"""));
        }
    }
}
