using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Feeds;
using Foretell.Grains.Cluster;
using Foretell.Grains.Contracts;
using Foretell.Grains.Silos;
using Foretell.Hosting;

namespace Foretell.Grains.Feeds;

/// <summary>A stream's changes as a reader at this gateway sees them, wherever the shard is and goes.</summary>
internal sealed class ChangeFeed(
    SiloEngine engine, FeedInbox inbox, IGrainFactory grains, ClusterStatus status, TimeProvider time)
{
    // Three questions within a term: the shard goes on where one is lost.
    private static readonly TimeSpan s_renewal = ChangePublisher.Term / 4;

    // A shard that moves is out for less. One that is out for longer is a problem to be told.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    // A stream's grain may have to be placed first, which on a busy cluster takes longer than one question may. Whoever opens a feed of a
    // stream that cannot be found has been refused before it came here.
    private static readonly TimeSpan s_opening = TimeSpan.FromSeconds(5), s_openingPause = TimeSpan.FromMilliseconds(250);

    /// <summary>As <see cref="IPlatform.SubscribeAsync"/>.</summary>
    public async IAsyncEnumerable<FeedItem<ForecastChange>> ReadAsync(string stream,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Channel<ChangeNews> news = inbox.Changes.Add(stream);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task asking = Background.Run(() => AskAsync(stream, news.Writer, ended.Token));
        try
        {
            var sequence = new ChangeSequence();
            await foreach (ChangeNews one in news.Reader.ReadAllAsync(cancellationToken))
            {
                foreach (FeedItem<ForecastChange> item in sequence.Take(one))
                {
                    yield return item;
                }
            }
        }
        finally
        {
            inbox.Changes.Remove(stream, news);
            await ended.CancelAsync();
            await Background.EndedAsync(asking);
        }
    }

    /// <summary>Asks the shard for another term again and again, and whether the reader is up to date.</summary>
    private async Task AskAsync(string stream, ChannelWriter<ChangeNews> news, CancellationToken ended)
    {
        int partition = EventHubsPartitioner.Partition(Encoding.UTF8.GetBytes(stream), engine.Log.PartitionCount);
        long began = time.GetTimestamp();
        long? answeredAt = null;
        while (!ended.IsCancellationRequested)
        {
            try
            {
                Subscribed answer = await ShardCall.AnswerAsync(
                    partition, () => grains.GetGrain<IStreamGrain>(stream).Subscribe(inbox.Name),
                    status.Silence(partition), ShardCall.Patience, time, ended);
                answeredAt = time.GetTimestamp();
                news.TryWrite(new ChangeNews(null, answer));
            }
            catch (PlatformUnavailableException e)
                when (time.GetElapsedTime(answeredAt ?? began) > (answeredAt is null ? s_opening : s_patience))
            {
                news.TryComplete(e);
                return;
            }
            catch (Exception)
            {
                // It is moving; the new owner is asked, too.
            }
            await Task.Delay(answeredAt is null ? s_openingPause : s_renewal, time, ended)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
