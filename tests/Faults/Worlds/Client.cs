using System.Text;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;
using Foretell.Faults.Time;
using Foretell.Support;
using static Foretell.Faults.Worlds.SimulationFailure;

namespace Foretell.Faults.Worlds;

/// <summary>Sends batches one after the other, some with an idempotency key and then until they are acknowledged, and asks for
/// streams.</summary>
/// <param name="values">Draws the events' values, and which are labels; null for none. Everything else is drawn by
/// <paramref name="random"/>.</param>
internal sealed class Client(int number, Random random, SimulatedClock clock, IWorld world, Oracle oracle, Workload workload,
    Random? values)
{
    private static readonly string[] s_marks = ["login", "view", "buy", "", "surprise"];
    private static readonly string[] s_labels = ["human", "bot", "alien"];

    private readonly Dictionary<string, (long Generation, long Events)> _seen = [];
    private int _events;

    /// <summary>Sends all its batches.</summary>
    public async Task RunAsync()
    {
        for (int i = 0; i < workload.Batches; i++)
        {
            await PauseAsync(workload.Pause);
            await SendAsync(i);
            if (random.Next(4) == 0)
            {
                await AskAsync($"s{random.Next(workload.Streams)}");
            }
        }
    }

    /// <summary>Sends one batch until it is acknowledged.</summary>
    public Task SendLastAsync() => SendAsync(0, withKey: true);

    private async Task SendAsync(int batch, bool withKey = false)
    {
        SentEvent[] events = [.. Enumerable.Range(0, random.Next(1, workload.MostEvents + 1)).Select(_ => Draw())];
        oracle.Sending(events);
        byte[]? payload = withKey || random.Next(2) == 0 ? Encoding.UTF8.GetBytes($"answer {number} {batch}") : null;
        IdempotentRequest? request = payload is null ? null : EventSets.Key($"key/{number}/{batch}", 1) with { Payload = payload };
        while (true)
        {
            try
            {
                AppendReceipt receipt = await world.AppendAsync(SentEvent.Batch(events), request);
                oracle.Accepted(events, receipt, payload);
                // Its answer may get lost on the way, too: then it comes again.
                if (request is null || random.Next(8) > 0)
                {
                    await ReadOwnAsync(receipt.Position, events[0].Stream);
                    return;
                }
                receipt = await world.AppendAsync(SentEvent.Batch(events), request);
                Unless(receipt.Replayed, $"A repeat of '{request.Key}' took effect a second time.");
                return;
            }
            catch (Exception e) when (e is not SimulationFailure)
            {
                if (request is null || events[0].Acknowledged is not null || world.IsGivenUp)
                {
                    return;
                }
                await PauseAsync(TimeSpan.FromSeconds(1));
            }
        }
    }

    /// <summary>Reads its own writes, now and then.</summary>
    private async Task ReadOwnAsync(Position position, string stream)
    {
        if (random.Next(4) > 0)
        {
            return;
        }
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5), clock);
        await world.WaitAppliedAsync(position, patience.Token);
        await AskAsync(stream);
    }

    /// <summary>A stream has no more events than were sent, and never fewer than the same process has told before.</summary>
    private async Task AskAsync(string stream)
    {
        StreamSnapshot? found;
        long generation = world.Generation;
        try
        {
            found = await world.FindAsync(stream);
        }
        catch (Exception e) when (e is not SimulationFailure)
        {
            return;
        }
        long events = found?.Events ?? 0;
        Unless(events <= oracle.EventsOf(stream), $"Stream {stream} has {events} events, and {oracle.EventsOf(stream)} were sent.");
        if (_seen.TryGetValue(stream, out var before) && before.Generation == generation && world.Generation == generation)
        {
            Unless(events >= before.Events, $"Stream {stream} had {before.Events} events and has {events} now.");
        }
        _seen[stream] = (generation, events);
    }

    private SentEvent Draw()
    {
        // One stream has a third of the events; some are late, or too late, and a few are in the future.
        int stream = random.Next(3) == 0 ? 0 : random.Next(workload.Streams);
        long now = EventTime.FromDateTimeOffset(clock.GetUtcNow());
        long ticks = random.Next(40) switch
        {
            0 or 1 => now - random.NextInt64(10 * TimeSpan.TicksPerSecond),
            2 or 3 => now - 6 * TimeSpan.TicksPerHour,
            4 => now + 2 * TimeSpan.TicksPerHour,
            _ => now,
        };
        var drawn = new SentEvent($"{number}-{_events++}", number, $"s{stream}", ticks, s_marks[random.Next(s_marks.Length)]);
        return values is null ? drawn : WithValues(drawn, values);
    }

    /// <summary>An event with some values, of which the model knows two, or a label in its place.</summary>
    private static SentEvent WithValues(SentEvent drawn, Random values)
    {
        if (values.Next(10) == 0)
        {
            return drawn with { IsLabel = true, Mark = s_labels[values.Next(s_labels.Length)] };
        }
        (string Name, double Value)[] some = [("amount", values.NextDouble() * 100), ("pulse", values.Next(60, 90)), ("temp", values.Next(30) - 5)];
        return drawn with { Values = [.. some.Where(_ => values.Next(3) > 0)] };
    }

    private Task PauseAsync(TimeSpan atMost) => Task.Delay(new TimeSpan(random.NextInt64(1, atMost.Ticks)), clock);
}

/// <summary>What each client sends.</summary>
/// <param name="Batches">Batches of a client.</param>
/// <param name="MostEvents">Most events of a batch.</param>
/// <param name="Streams">Streams of all clients.</param>
/// <param name="Pause">Longest time between two batches.</param>
internal sealed record Workload(int Batches, int MostEvents, int Streams, TimeSpan Pause);
