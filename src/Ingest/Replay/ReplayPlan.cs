using System.Buffers;
using Foretell.Engine.Events;
using Foretell.Ingest.Files;

namespace Foretell.Ingest.Replay;

/// <summary>One request of a replay.</summary>
/// <param name="Number">Number of the request, from 0.</param>
/// <param name="FirstEvent">Number of its first event in the file, from 0.</param>
/// <param name="Events">Events in it.</param>
/// <param name="DueTicks">Latest event time in it: when it is sent, in the replay's time.</param>
/// <param name="Body">NDJSON.</param>
/// <param name="Key">Idempotency key, from what the file says up to here.</param>
internal sealed record ReplayRequest(int Number, long FirstEvent, int Events, long DueTicks, byte[] Body, string Key);

/// <summary>Cuts a file into requests, the same ones every time.</summary>
internal static class ReplayPlan
{
    /// <summary>The file's requests in order.</summary>
    public static IEnumerable<ReplayRequest> Requests(string path, ReplayOptions options)
    {
        // With a speed, one second of wall time is a window of event time. The windows follow from the file
        // alone, so that a repeated replay cuts the same requests and sends the same keys.
        double windowTicks = options.Speed is { } speed ? Math.Max(1, speed * EventTime.PerSecond) : double.PositiveInfinity;
        var pending = new EventBatch();
        var chain = new ContentChain();
        int number = 0;
        long firstEvent = 0;
        long firstTicks = 0;
        long dueTicks = 0;
        double window = 0;
        bool started = false;
        foreach (EventBatch batch in EventFile.ReadEvents(path, options.TimeUnitSeconds, options.Columns,
            zone: options.Zone, sort: options.Sort))
        {
            options.Look?.Invoke(batch);
            for (int i = 0; i < batch.Count; i++)
            {
                long ticks = new LogRecord(batch[i]).TimeTicks;
                firstTicks = started ? firstTicks : ticks;
                started = true;
                double eventWindow = Math.Floor((ticks - firstTicks) / windowTicks);
                if (pending.Count == options.BatchSize || (pending.Count > 0 && eventWindow > window))
                {
                    yield return Encode();
                    pending.Clear();
                }
                window = Math.Max(window, eventWindow);
                dueTicks = pending.Count == 0 ? ticks : Math.Max(dueTicks, ticks);
                pending.Add(batch[i]);
            }
        }
        if (pending.Count > 0)
        {
            yield return Encode();
        }

        ReplayRequest Encode()
        {
            var body = new ArrayBufferWriter<byte>(pending.Count * 96);
            EventEncoder.WriteNdjson(pending, body);
            var request = new ReplayRequest(number++, firstEvent, pending.Count, dueTicks, body.WrittenSpan.ToArray(),
                $"replay-{chain.Next(body.WrittenSpan)}");
            firstEvent += pending.Count;
            return request;
        }
    }
}
