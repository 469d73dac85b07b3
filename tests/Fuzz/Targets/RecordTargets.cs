using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Fuzz.Running;
using Foretell.Models.Configuration;
using Foretell.Models.Monitoring;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Fuzz.Targets;

/// <summary>Records of the log on a disk or between silos, and what else stands beside them.</summary>
internal static class RecordTargets
{
    private const long Now = 1_700_000_000L * EventTime.PerSecond;

    private static readonly ServingModel s_serving = new(ForecastModel.Untrained(
        new ModelConfig { Width = 16, Layers = 1, Heads = 2, Components = 16, Marks = ["visit", "buy"] }, seed: 1));

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("batch", ReadBatch, typeof(InvalidDataException)) { Seeds = [Batch(0), Batch(1), Batch(5)], MostBytes = 2048 },
        // A shard of its own for each input: kernels and a slab are made anew.
        new("shard", Apply, typeof(InvalidDataException))
        {
            Seeds = [Batch(1), Batch(5)], MostBytes = 1024, FreeBytes = 4 << 20, BytesPerByte = 512, Share = 100,
        },
        new("segment", ReadSegment) { Seeds = [Segment(1), Segment(4)], MostBytes = 2048 },
        new("traces", ReadTraces) { Seeds = [Traces()] },
        new("calibration", bytes => Calibration.FromBytes(bytes).Copy().Add(Calibration.FromBytes(bytes)), typeof(InvalidDataException))
        {
            Seeds = [new Calibration().ToBytes(), new byte[Calibration.Bytes - 8], CountedValues(), CountedValues()[..^8]],
        },
        new("policy", bytes => EventTimePolicy.Parse(EventTimePolicy.Parse(Encoding.UTF8.GetString(bytes)).ToString()),
            typeof(InvalidDataException))
        {
            Seeds = [Utf8(EventTimePolicy.Default.ToString()), Utf8(EventTimePolicy.OfNewLogs.ToString())],
            Words = ["late=", ";future=", ";ahead=append"],
            MostBytes = 256,
        },
        new("position", ReadPosition) { Seeds = [Utf8("0-1042_3-77"), Utf8("")], Words = ["_", "-", "_1-"], MostBytes = 8192 },
    ];

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] CountedValues()
    {
        var calibration = new Calibration();
        calibration.Add(new StepScore { ValueBins = default(ValueBins).With(1, 0.5) });
        return calibration.ToBytes();
    }

    /// <summary>First sequence number i64 and count i64, then what <see cref="RecordBatch.Encode"/> makes.</summary>
    private static byte[] Batch(int count)
    {
        RecordBatch batch = Records(count);
        byte[] input = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(input, 1);
        BinaryPrimitives.WriteInt64LittleEndian(input.AsSpan(8), batch.Count);
        return [.. input, .. batch.Encode()];
    }

    private static RecordBatch Records(int count)
    {
        var batch = new RecordBatch();
        batch.Clear(1);
        if (count > 2)
        {
            batch.Add(ControlRecord.Encode(ControlRecord.Policy, EventTimePolicy.OfNewLogs.ToString(), Now), Now);
            batch.Add(ControlRecord.Encode(ControlRecord.Model, s_serving.Model.Id, Now), Now);
        }
        var events = new EventBatch();
        for (int i = 0; i < count; i++)
        {
            events.TryAdd(Utf8($"user/{i % 3}"), Now + i * EventTime.PerSecond, i % 2 == 0 ? "visit"u8 : default, i == 1 ? "id-1"u8 : default);
        }
        if (count > 3)
        {
            events.AddUnreadable("events/3", Now, "It is no JSON.", 17);
            var values = new EventValues();
            values.TryAdd("amount"u8, 12.5);
            values.TryAdd("temp"u8, -1);
            events.TryAdd("user/1"u8, Now + 9 * EventTime.PerSecond, "buy"u8, default, values.Encoded);
            events.TryAddLabel("user/1"u8, Now + 9 * EventTime.PerSecond, "churned"u8, default);
        }
        for (int i = 0; i < events.Count; i++)
        {
            batch.Add(events[i], Now + i);
        }
        return batch;
    }

    private static RecordBatch Decoded(byte[] input)
    {
        var batch = new RecordBatch();
        if (input.Length < 16)
        {
            throw new InvalidDataException("The input has no numbers.");
        }
        long first = BinaryPrimitives.ReadInt64LittleEndian(input), count = BinaryPrimitives.ReadInt64LittleEndian(input.AsSpan(8));
        batch.Decode(input.AsSpan(16), first, count);
        return batch;
    }

    private static void ReadBatch(byte[] input)
    {
        RecordBatch batch = Decoded(input);
        for (int i = 0; i < batch.Count; i++)
        {
            Look(batch[i]);
        }
        Same(input.AsSpan(16), batch.Encode());
    }

    private static void Apply(byte[] input)
    {
        RecordBatch batch = Decoded(input);
        using var shard = new Shard(0, s_serving);
        if (batch.FirstSequence > 1)
        {
            throw new InvalidDataException("The shard stands elsewhere.");
        }
        shard.Advance(batch);
        shard.UncommittedDeadLetters();
        shard.TakeCommit()?.Dispose();
    }

    /// <summary>Count i64 and append time i64, then records.</summary>
    private static byte[] Segment(int count)
    {
        RecordBatch batch = Records(count);
        byte[] input = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(input, batch.Count);
        BinaryPrimitives.WriteInt64LittleEndian(input.AsSpan(8), Now);
        return [.. input, .. batch.Encode().AsSpan(batch.Count * sizeof(long))];
    }

    private static void ReadSegment(byte[] input)
    {
        if (input.Length < 16)
        {
            return;
        }
        ReadOnlySpan<byte> records = input.AsSpan(16);
        long count = BinaryPrimitives.ReadInt64LittleEndian(input);
        if (SegmentCheck.Damage(records, count, BinaryPrimitives.ReadInt64LittleEndian(input.AsSpan(8))) is { } damage)
        {
            Require(damage.Length is > 10 and < 1000, "damage is told in a sentence");
            return;
        }
        long found = 0;
        for (; !records.IsEmpty; found++)
        {
            var record = new LogRecord(records);
            if (record.Version > LogRecord.CurrentVersion)
            {
                return;
            }
            Look(record);
            records = records[record.Length..];
        }
        Require(found == count, "a sound segment holds as many records as it says");
    }

    private static void Look(LogRecord record)
    {
        Encoding.UTF8.GetString(record.Key);
        Encoding.UTF8.GetString(record.Mark);
        Encoding.UTF8.GetString(record.Id);
        EventTime.ToDateTimeOffset(record.TimeTicks);
        for (ReadOnlySpan<byte> rest = record.Values; EventValues.TryRead(ref rest, out ReadOnlySpan<byte> name, out double value);)
        {
            Require(name.Length is > 0 and <= EventValues.MaxNameBytes && double.IsFinite(value), "a value has a name and is a finite number");
        }
        s_serving.Model.MarkIndex(record.Mark);
        EventHubsPartitioner.Partition(record.Key, 8);
    }

    private static byte[] Traces()
    {
        var segment = new SegmentBuffer();
        for (byte i = 1; i < 4; i++)
        {
            var trace = ActivityTraceId.CreateFromBytes(Enumerable.Repeat(i, 16).ToArray());
            var span = ActivitySpanId.CreateFromBytes(Enumerable.Repeat(i, 8).ToArray());
            segment.Add([], i, i, new ActivityContext(trace, span, ActivityTraceFlags.Recorded, isRemote: true));
        }
        return segment.Traces!;
    }

    private static void ReadTraces(byte[] input)
    {
        var traces = new RecordTraces();
        traces.Decode(input, 100, 10);
        long free = 100;
        foreach (RecordTrace trace in traces.All)
        {
            Require(trace.First >= free && trace.Last >= trace.First && trace.Last <= 109, "traces lie one behind the other, within the records");
            free = trace.Last + 1;
        }
        traces.Encode(100);
        traces.MoveTo(new RecordTraces(), 100, 109);
        Require(traces.All.Count == 0, "traces leave with their records");
    }

    private static void ReadPosition(byte[] input)
    {
        if (Position.TryParse(Encoding.UTF8.GetString(input), out Position position))
        {
            Require(Position.TryParse(position.ToString(), out Position again) && again.ToString() == position.ToString(), "a position reads its own text");
        }
    }

    private static void Same(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after) =>
        Require(before.SequenceEqual(after), "what is read is what is written again");

    /// <summary>Something that must hold of whatever was read.</summary>
    internal static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new BrokenPromiseException(what);
        }
    }
}
