using System.Buffers;
using System.Net.Http.Headers;
using Foretell.Cli.Running;
using Foretell.Cli.Shell;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Hosting;
using Foretell.Ingest.Replay;
using Foretell.Models.Network;
using Foretell.Stores.Postgres;
using Foretell.Web.Events;
using Foretell.Web.Status;
using Foretell.Web.Streams;

namespace Foretell.Cli.Cluster;

/// <summary>A cluster as its clients see it: events and questions go to the gateways over HTTP. Commits are read from the store.</summary>
internal sealed class GatewayTarget : IRunTarget, IAsyncDisposable
{
    private const string NdjsonType = "application/x-ndjson";

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50), s_commitLimit = TimeSpan.FromMinutes(1);

    private readonly LocalCluster _cluster;
    private readonly GatewayClient _gateways;
    private readonly SiloWatch _silos;
    private readonly PostgresStateStore _store;
    private readonly ArrayBufferWriter<byte> _body = new();
    private readonly SortedDictionary<int, long> _appended = [];
    private PlatformStatus _status = new();
    private IReadOnlyList<OverdueStream> _overdue = [];

    public GatewayTarget(LocalCluster cluster, ForecastModel model)
    {
        (_cluster, Model) = (cluster, model);
        _gateways = new GatewayClient(cluster.Gateways);
        _silos = new SiloWatch(cluster.Silos);
        _store = new PostgresStateStore(cluster.Database);
    }

    public ForecastModel Model { get; }

    /// <summary>Waits until every partition is served.</summary>
    public async Task ReadyAsync(CancellationToken cancellation)
    {
        while (!(await StatusAsync(Position.None, cancellation)).Ready)
        {
            await Task.Delay(s_pause, cancellation);
        }
    }

    /// <remarks>One append at a time: a stream's events arrive in their order.</remarks>
    public async Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request, CancellationToken cancellation)
    {
        // With a key an append can be repeated at another gateway when the answer of the first was lost.
        string key = request?.Key ?? Guid.NewGuid().ToString();
        _body.ResetWrittenCount();
        EventEncoder.WriteNdjson(batch, _body);
        (EventsAnswer answer, bool replayed) =
            await _gateways.SendAsync<EventsAnswer>(() => new HttpRequestMessage(HttpMethod.Post, new Uri("v1/events", UriKind.Relative))
        {
            Headers = { { "Idempotency-Key", key } },
            Content = new ReadOnlyMemoryContent(_body.WrittenMemory) { Headers = { ContentType = new MediaTypeHeaderValue(NdjsonType) } },
        }, cancellation);
        if (answer.Rejected is [var first, ..])
        {
            throw new CliException($"A gateway rejected {answer.RejectedTotal} of {batch.Count} events: {first.Reason}");
        }
        if (!Position.TryParse(answer.Position, out Position position))
        {
            throw new CliException($"A gateway answered with '{answer.Position}', which is no position. Is it of another release?");
        }
        foreach ((int partition, long sequence) in position.Parts)
        {
            _appended[partition] = Math.Max(sequence, _appended.GetValueOrDefault(partition));
        }
        return new AppendReceipt(answer.Accepted, position, replayed, default);
    }

    public async Task<PlatformStatus> StatusAsync(Position after, CancellationToken cancellation)
    {
        if (after.Parts.Count > 0)
        {
            // Of everything sent so far: a gateway may have heard of the other partitions a while ago.
            _status = Known(await AppliedAsync(Appended(), cancellation));
        }
        else if (await _gateways.TryGetAsync<StatusAnswer>("v1/status", cancellation) is { } answer)
        {
            _status = Known(answer);
        }
        else
        {
            return _status with { Ready = false, Problems = ["No gateway answers.", .. _silos.Troubles()] };
        }
        return _status with { Problems = [.. _status.Problems, .. _silos.Troubles()] };
    }

    /// <remarks>The last answer while partitions are being moved: a screen has no time to wait for them.</remarks>
    public async Task<IReadOnlyList<OverdueStream>> OverdueAsync(int limit, CancellationToken cancellation) =>
        _overdue = await _gateways.TryGetAsync<OverdueAnswer>($"v1/overdue?limit={limit}", cancellation) is { } answer
            ? [.. answer.Streams.Select(s => new OverdueStream(s.Stream, EventTime.FromDateTimeOffset(s.LastEventTime), s.SilenceSeconds,
                s.LogSurvival ?? double.NegativeInfinity))]
            : _overdue;

    public async Task<(string? Reason, string? Detail)> NewestDeadLetterAsync(CancellationToken cancellation) =>
        (await _gateways.TryGetAsync<DeadLettersAnswer>("v1/dead-letters?limit=1", cancellation))?.DeadLetters is [var newest, ..]
            ? (newest.Reason, newest.Detail) : default;

    public Task<PlatformStatus> DrainAsync(CancellationToken cancellation) => DrainAsync(Appended(), cancellation);

    /// <summary>Waits until everything up to a position is applied and committed.</summary>
    /// <returns>Counts and scores by the gateway that waited: the others may not have heard of it yet.</returns>
    public async Task<PlatformStatus> DrainAsync(Position position, CancellationToken cancellation)
    {
        StatusAnswer applied = await AppliedAsync(position, cancellation);
        long started = TimeProvider.System.GetTimestamp();
        foreach ((int partition, long sequence) in position.Parts)
        {
            while ((await _store.ReadHeaderAsync(partition, cancellation))?.Position is not { } committed || committed < sequence)
            {
                if (TimeProvider.System.GetElapsedTime(started) > s_commitLimit)
                {
                    throw new CliException($"Partition {partition} was not committed for {s_commitLimit.TotalSeconds} s. "
                        + string.Join(' ', (await StatusAsync(Position.None, cancellation)).Problems));
                }
                await Task.Delay(s_pause, cancellation);
            }
        }
        return Known(applied);
    }

    public async Task<string> StateDigestAsync(CancellationToken cancellation)
    {
        int partitions = (await AppliedAsync(Position.None, cancellation)).Partitions;
        return await PlatformDigest.OfStoreAsync(_store, partitions, new ServingModel(Model), cancellation);
    }

    public IReadOnlyList<SiloState> Silos() => _silos.States();

    public IReadOnlyList<ProcessCpu> Cpu() =>
        [new("foretell", "client", "foretell", Environment.CpuUsage.TotalTime.TotalSeconds), .. _cluster.Cpu()];

    public async ValueTask DisposeAsync()
    {
        _silos.Dispose();
        _gateways.Dispose();
        await _store.DisposeAsync();
    }

    /// <summary>Where the cluster stands once a position is applied.</summary>
    private async Task<StatusAnswer> AppliedAsync(Position position, CancellationToken cancellation)
    {
        var path = new Uri($"v1/status?after={position}", UriKind.Relative);
        return (await _gateways.SendAsync<StatusAnswer>(() => new HttpRequestMessage(HttpMethod.Get, path), cancellation)).Answer;
    }

    private Position Appended() => new([.. _appended.Select(p => (p.Key, p.Value))]);

    private static PlatformStatus Known(StatusAnswer answer)
    {
        ScoresAnswer scores = answer.Scores;
        return new PlatformStatus
        {
            Streams = answer.Streams,
            EventsAccepted = answer.EventsAccepted,
            EventsApplied = answer.EventsApplied,
            DeadLetters = answer.DeadLetters,
            UnknownMarks = answer.UnknownMarks,
            LagEvents = answer.LagEvents,
            LagSeconds = answer.LagSeconds,
            Scores = new ScoreTotals(scores.Events, Sum(scores.NllTime), Sum(scores.NllMark), Sum(scores.BaselineNllTime),
                Sum(scores.BaselineNllMark))
            {
                Value = Sum(scores.NllValue),
                BaselineValue = Sum(scores.BaselineNllValue),
                Labels = scores.Labels is not { } labels ? default
                    : new LabelTotals(labels.Count, labels.Accuracy * labels.Count, -labels.LogLoss * labels.Count),
            },
            Ready = answer.Ready,
            Problems = answer.Problems,
        };

        double Sum(double? meanNll) => -(meanNll ?? 0) * scores.Events;
    }
}
