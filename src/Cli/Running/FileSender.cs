using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Foretell.Cli.Data;
using Foretell.Cli.Options;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Hosting;
using Foretell.Ingest.Files;
using Foretell.Ingest.Replay;
using Foretell.Models.PointProcess;

namespace Foretell.Cli.Running;

/// <summary>What a file did to a platform.</summary>
/// <param name="Events">Events applied, of everything in the data directory.</param>
/// <param name="Streams">Streams with at least one applied event.</param>
/// <param name="DeadLetters">Events that became dead letters.</param>
/// <param name="Digest">SHA-256 over all streams' digests in the order of their keys' bytes.</param>
/// <param name="EventsPerSecond">Events of this run by the time from the first append to the last commit.</param>
/// <param name="CpuSeconds">Processor time of all threads over that time; in a cluster of all processes but the database.</param>
internal sealed record FileSummary(long Events, long Streams, long DeadLetters, string Digest, double EventsPerSecond, double CpuSeconds)
{
    /// <summary>Events of this file whose mark the model does not know.</summary>
    public long UnknownMarks { get; init; }

    /// <summary>A few of these marks; empty text stands for no mark.</summary>
    public IReadOnlyList<string> UnknownMarkExamples { get; init; } = [];

    /// <summary>What has to be said of them; null where there are none.</summary>
    [JsonIgnore]
    public string? MarkRemark { get; init; }

    /// <summary>Processor time by process, where there are several.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ProcessCpu>? Processes { get; init; }

    /// <summary>What has to be said where events of this file became dead letters; null where none did.</summary>
    [JsonIgnore]
    public string? Loss { get; init; }
}

/// <summary>Feeds a file of events through the whole path: decode, append, shard, step, commit.</summary>
internal static class FileSender
{
    /// <summary>Events in one append: large enough that a flush of the disk is shared by many.</summary>
    private const int BatchSize = 8192;

    /// <summary>Appends the file's events, waits until they are applied, commits.</summary>
    /// <remarks>
    /// Each append carries a key made from what the file says up to its end, so that a run that was cut short can be repeated:
    /// what the log has already is not appended again (within the log's memory for keys, 24 h).
    /// </remarks>
    /// <exception cref="EventFileException">The file cannot be read; events before the faulty line are applied.</exception>
    public static async Task<FileSummary> RunAsync(IRunTarget target, FileInput input, IProgress<long>? progress,
        CancellationToken cancellation)
    {
        DeadLetterWatch watch = await DeadLetterWatch.BeginAsync(target, cancellation);
        var clock = Stopwatch.StartNew();
        IReadOnlyList<ProcessCpu> before = target.Cpu();
        long appended = 0, read = 0;
        int number = 0;
        var unknown = new UnknownMarks(target.Model.Config.Marks);
        Position position = Position.None;
        var chain = new ContentChain();
        using var batches = new InterruptibleReader<EventBatch>(EventFile.ReadEvents(input.File, target.Model.Config.TimeUnitSeconds,
            input.Columns, BatchSize, input.Zone, input.Sort));
        while (await batches.MoveNextAsync(cancellation))
        {
            EventBatch batch = batches.Current;
            if (number > 0)
            {
                Position last = position;
                await watch.LookAsync(number, read, async () => (await target.StatusAsync(last, cancellation)).DeadLetters, cancellation);
            }
            var request = new IdempotentRequest($"file-{chain.Next(batch.Records)}", SHA256.HashData(batch.Records), default);
            number++;
            AppendReceipt receipt = await target.AppendAsync(batch, request, cancellation);
            appended += receipt.Replayed ? 0 : receipt.Accepted;
            read += batch.Count;
            unknown.Add(batch);
            progress?.Report(read);
            position = receipt.Position;
        }
        PlatformStatus status = await target.DrainAsync(cancellation);
        double seconds = clock.Elapsed.TotalSeconds;
        IReadOnlyList<ProcessCpu> cpu = ProcessCpu.Between(before, target.Cpu());
        return new FileSummary(status.EventsApplied, status.Streams, status.DeadLetters,
            await target.StateDigestAsync(cancellation), Math.Round(appended / seconds, 1), ProcessCpu.Total(cpu))
        {
            UnknownMarks = unknown.Events,
            UnknownMarkExamples = unknown.Examples,
            MarkRemark = Data.MarkRemark.Of(unknown, target.Model.Config.HasOtherMark),
            Processes = cpu.Count > 1 ? cpu : null,
            Loss = await watch.EndAsync(read, status.DeadLetters, cancellation),
        };
    }
}
