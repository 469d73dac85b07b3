using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Support;

namespace Foretell.Engine.Tests.Log;

public sealed class AppendQueueTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private static AppendRequest Request(string stream = "s", int events = 1) =>
        AppendRequest.ForEvents(EventSets.Batch([.. Enumerable.Range(0, events).Select(i => (stream, (long)i, ""))]), null, 4);

    [Fact]
    public async Task Append_WhenTheWriterTakesIt_AnswersOnceItIsWritten()
    {
        using var queue = new AppendQueue();
        Task<AppendReceipt> answer = queue.AppendAsync(Request(), CancellationToken.None);
        Assert.False(answer.IsCompleted);

        Assert.True(queue.TryTake(out AppendRequest taken));
        Assert.False(queue.TryTake(out _));
        taken.Receipt = new AppendReceipt(1, Position.None, Replayed: false, default);
        taken.Complete(null);

        Assert.Same(taken.Receipt, await answer);
        Assert.Equal((0L, 0), (queue.Bytes, queue.Count));
    }

    [Fact]
    public async Task Append_WhenMemoryIsFull_IsRefusedAndLeavesNothingBehind()
    {
        AppendRequest first = Request(events: 1000);
        using var queue = new AppendQueue(maxBytes: 2 * first.Memory);
        _ = queue.AppendAsync(first, CancellationToken.None);
        _ = queue.AppendAsync(Request(events: 1000), CancellationToken.None);
        long held = queue.Bytes;

        var e = await Assert.ThrowsAsync<PlatformOverloadedException>(() => queue.AppendAsync(Request(), CancellationToken.None));
        Assert.Contains("2 requests", e.Message);
        Assert.Contains("send it again", e.Message);
        Assert.Equal((held, 2), (queue.Bytes, queue.Count));

        // What the writer has at hand counts until it is written.
        Assert.True(queue.TryTake(out AppendRequest taken));
        await Assert.ThrowsAsync<PlatformOverloadedException>(() => queue.AppendAsync(Request(), CancellationToken.None));
        taken.Complete(new IOException("slow"));
        Task<AppendReceipt> now = queue.AppendAsync(Request(), CancellationToken.None);
        Assert.False(now.IsFaulted);
    }

    [Fact]
    public async Task Append_WhenRequestsAreMany_IsRefusedByNumber()
    {
        using var queue = new AppendQueue(maxRequests: 3);
        for (int i = 0; i < 3; i++)
        {
            _ = queue.AppendAsync(Request(), CancellationToken.None);
        }
        await Assert.ThrowsAsync<PlatformOverloadedException>(() => queue.AppendAsync(Request(), CancellationToken.None));
    }

    [Fact]
    public void Append_WhenARequestIsLargerThanTheQueue_GoesInAlone()
    {
        using var queue = new AppendQueue(maxBytes: 1);
        Assert.False(queue.AppendAsync(Request(events: 1000), CancellationToken.None).IsFaulted);
        Assert.Throws<PlatformOverloadedException>(() => { _ = queue.AppendAsync(Request(), CancellationToken.None); });
    }

    [Fact]
    public void Append_WhenTheHostItselfAppends_IsNeverRefused()
    {
        using var queue = new AppendQueue(maxRequests: 1);
        _ = queue.AppendAsync(Request(), CancellationToken.None);
        var partition = new SourcePartition("hub", "0");
        _ = queue.AppendAsync(AppendRequest.ForTake(partition), CancellationToken.None);
        _ = queue.AppendAsync(AppendRequest.ForControl("model", "m", 0, 4), CancellationToken.None);
        _ = queue.AppendAsync(AppendRequest.ForEvents(EventSets.Batch(("s", 1, "")), null, 4,
            new SourceAdvance(partition, 1, null, 1, "hub")), CancellationToken.None);
        Assert.Equal(4, queue.Count);
    }

    [Fact]
    public async Task Append_WhenItsCallerGoesBeforeItIsTaken_IsDroppedAtOnceAndFreesItsRoom()
    {
        using var queue = new AppendQueue(maxRequests: 2);
        using var gone = new CancellationTokenSource();
        Task<AppendReceipt> abandoned = queue.AppendAsync(Request("gone"), gone.Token);
        _ = queue.AppendAsync(Request("stays"), CancellationToken.None);

        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);
        Assert.Equal(1, queue.Count);
        _ = queue.AppendAsync(Request("next"), CancellationToken.None);
        Assert.Equal(["stays", "next"], Drain(queue));
    }

    [Fact]
    public async Task Append_WhenItsCallerGoesAfterItWasTaken_IsWrittenAllTheSame()
    {
        using var queue = new AppendQueue();
        using var gone = new CancellationTokenSource();
        AppendRequest request = Request();
        Task<AppendReceipt> answer = queue.AppendAsync(request, gone.Token);
        Assert.True(queue.TryTake(out AppendRequest taken));

        await gone.CancelAsync();

        // Its waiting ended; its records are still there for the writer, and its answer for whoever asks.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        Assert.Equal(request.Length, taken.Records(taken.Parts[0]).Length);
        taken.Receipt = new AppendReceipt(1, Position.None, Replayed: false, default);
        taken.Complete(null);
        Assert.Equal(1, (await request.Completion.Task).Accepted);
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public async Task Append_WhenItsCallerHasGoneAlready_NeverWaits()
    {
        using var queue = new AppendQueue();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queue.AppendAsync(Request(), new CancellationToken(canceled: true)));
        Assert.Equal((0L, 0), (queue.Bytes, queue.Count));
        Assert.False(queue.TryTake(out _));
    }

    [Fact]
    public async Task Wait_WhenARequestArrives_Ends()
    {
        using var queue = new AppendQueue();
        Task waiting = queue.WaitAsync();
        Assert.False(waiting.IsCompleted);
        _ = queue.AppendAsync(Request(), CancellationToken.None);
        await waiting.WaitAsync(s_patience);
        await queue.WaitAsync().WaitAsync(s_patience);
    }

    [Fact]
    public async Task Close_WhenRequestsWait_HandsThemOutAndRefusesOthers()
    {
        using var queue = new AppendQueue();
        _ = queue.AppendAsync(Request("last"), CancellationToken.None);
        queue.Close();
        Assert.False(queue.IsEnded);
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => queue.AppendAsync(Request(), CancellationToken.None));
        Assert.Equal(["last"], Drain(queue));
        Assert.True(queue.IsEnded);
        await queue.WaitAsync().WaitAsync(s_patience);
    }

    /// <summary>Callers that come and go on many threads while one writes: each is written, or dropped and told so.</summary>
    [Fact]
    public async Task Append_WhenCallersGoAtAnyMoment_EachIsWrittenOrDroppedAndNothingStaysBehind()
    {
        const int Callers = 4, Each = 2_000;
        using var queue = new AppendQueue(maxRequests: 50);
        int written = 0;
        Task writer = Task.Run(async () =>
        {
            while (!queue.IsEnded)
            {
                if (!queue.TryTake(out AppendRequest taken))
                {
                    await queue.WaitAsync();
                    continue;
                }
                written++;
                taken.Receipt = new AppendReceipt(1, Position.None, Replayed: false, default);
                taken.Complete(null);
            }
        }, CancellationToken.None);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var random = new Random(caller);
            (int answered, int gone, int refused) = (0, 0, 0);
            for (int i = 0; i < Each; i++)
            {
                using var leaving = new CancellationTokenSource();
                try
                {
                    Task<AppendReceipt> answer = queue.AppendAsync(Request(), leaving.Token);
                    if (random.Next(2) == 0)
                    {
                        await leaving.CancelAsync();
                    }
                    await answer;
                    answered++;
                }
                catch (OperationCanceledException)
                {
                    gone++;
                }
                catch (PlatformOverloadedException)
                {
                    refused++;
                }
            }
            return (answered, gone, refused);
        }, CancellationToken.None)));
        queue.Close();
        await writer.WaitAsync(s_patience);

        Assert.Equal(Callers * Each, outcomes.Sum(o => o.answered + o.gone + o.refused));
        Assert.InRange(written, outcomes.Sum(o => o.answered), outcomes.Sum(o => o.answered + o.gone));
        Assert.Equal((0L, 0), (queue.Bytes, queue.Count));
    }

    private static List<string> Drain(AppendQueue queue)
    {
        List<string> streams = [];
        while (queue.TryTake(out AppendRequest taken))
        {
            streams.Add(System.Text.Encoding.UTF8.GetString(new LogRecord(taken.Records(taken.Parts[0])).Key));
            taken.Receipt = new AppendReceipt(1, Position.None, Replayed: false, default);
            taken.Complete(null);
        }
        return streams;
    }
}
