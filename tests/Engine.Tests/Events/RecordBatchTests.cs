using System.Diagnostics;
using Foretell.Engine.Events;
using Foretell.Support;

namespace Foretell.Engine.Tests.Events;

public class RecordBatchTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(130)]
    public void Decode_WhenGivenWhatEncodeMade_HoldsTheSameRecords(int count)
    {
        RecordBatch batch = Make(count);

        var copy = new RecordBatch();
        copy.Add(ControlRecord.Encode("left", "over", 1), 2);
        copy.Decode(batch.Encode(), batch.FirstSequence, batch.Count);

        Assert.Equal((batch.FirstSequence, batch.LastSequence, count), (copy.FirstSequence, copy.LastSequence, copy.Count));
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(batch.AppendTicks(i), copy.AppendTicks(i));
            Assert.Equal(batch[i].TimeTicks, copy[i].TimeTicks);
            Assert.True(batch[i].Key.SequenceEqual(copy[i].Key));
            Assert.True(batch[i].Mark.SequenceEqual(copy[i].Mark));
            Assert.Equal(EventSets.Values(batch[i]), EventSets.Values(copy[i]));
        }
    }

    [Fact]
    public void Decode_WhenBytesAreMissingOrLeft_Refuses()
    {
        byte[] encoded = Make(3).Encode();
        var batch = new RecordBatch();

        Assert.Throws<InvalidDataException>(() => batch.Decode(encoded.AsSpan(0, encoded.Length - 1), 1, 3));
        Assert.Throws<InvalidDataException>(() => batch.Decode([.. encoded, 0], 1, 3));
        Assert.Throws<InvalidDataException>(() => batch.Decode(encoded, 1, 2));
        Assert.Throws<InvalidDataException>(() => batch.Decode(encoded, 1, 4));
        Assert.Throws<InvalidDataException>(() => batch.Decode(encoded, 1, int.MaxValue));
        Assert.Throws<InvalidDataException>(() => batch.Decode(encoded, 1, -1));
        Assert.Throws<InvalidDataException>(() => batch.Decode(encoded, 1, long.MaxValue));
        Assert.Throws<InvalidDataException>(() => batch.Decode(encoded, long.MaxValue, 3));
    }

    [Theory]
    [InlineData(8 + 9, 0, "key of 0 bytes")]
    [InlineData(8 + 10, 1, "key of 262 bytes")]
    [InlineData(8 + 10, 255, "where")]
    [InlineData(8 + 8, 0x7F, "outside years 1 to 9999")]
    [InlineData(7, 0x7F, "was appended at")]
    public void Decode_WhenARecordIsNoneThatALogHolds_Refuses(int at, byte value, string expected)
    {
        var records = new RecordBatch();
        records.Clear(1);
        for (int i = 0; i < 3; i++)
        {
            records.Add(EventSets.Batch(("user/1", 1000, new string('m', 200)))[0], 5000);
        }
        byte[] encoded = records.Encode(), one = [.. encoded.AsSpan(0, 8), .. encoded.AsSpan(24)];
        one[at] = value;

        string message = Assert.Throws<InvalidDataException>(() => new RecordBatch().Decode(one, 1, 1)).Message;

        Assert.Contains(expected, message);
    }

    [Fact]
    public void Decode_WhenALaterReleaseWroteARecord_SaysSoInsteadOfGuessing()
    {
        byte[] encoded = Make(1).Encode();
        encoded[sizeof(long)] |= 2 << 4;

        string message = Assert.Throws<InvalidDataException>(() => new RecordBatch().Decode(encoded, 1, 1)).Message;

        Assert.Contains("has version 2", message);
        Assert.Contains("a later release wrote it", message);
    }

    [Fact]
    public void Traces_WhenDecoded_AreThoseThatWereEncoded()
    {
        RecordBatch batch = Make(10), copy = Make(0);
        Assert.Null(batch.Traces.Encode(batch.FirstSequence));
        copy.Traces.Decode(null, copy.FirstSequence, 10);
        Assert.Empty(copy.Traces.All);
        foreach ((long first, long last) in new[] { (41L, 44L), (46L, 46L) })
        {
            batch.Traces.Add(new RecordTrace(first, last,
                new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded,
                    isRemote: true)));
        }

        copy.Traces.Decode(batch.Traces.Encode(batch.FirstSequence), batch.FirstSequence, 10);

        Assert.Equal(batch.Traces.All, copy.Traces.All);
        copy.Clear(1);
        Assert.Empty(copy.Traces.All);
        // Half an entry, as a later version might leave it, costs a trace and no event.
        copy.Traces.Decode(batch.Traces.Encode(batch.FirstSequence).AsSpan(0, 40), batch.FirstSequence, 10);
        Assert.Equal(batch.Traces.All.Take(1), copy.Traces.All);
    }

    [Theory]
    [InlineData(0, 0xFFFF_FFFFL, "more records than there are")]
    [InlineData(0xFFFF_FFFFL, 1, "a record behind the last")]
    [InlineData(5, 0, "no record")]
    [InlineData(3, 2, "a record of the trace before")]
    public void Traces_WhenTheySpeakOfWhatIsNotThere_AreLeftOut(long index, long records, string why)
    {
        RecordBatch batch = Make(10);
        var context = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded,
            isRemote: true);
        var sound = new RecordTrace(41, 44, context);
        batch.Traces.Add(sound);
        byte[] one = batch.Traces.Encode(41)!, encoded = [.. one, .. one];
        BitConverter.TryWriteBytes(encoded.AsSpan(one.Length), (uint)index);
        BitConverter.TryWriteBytes(encoded.AsSpan(one.Length + 4), (uint)records);

        batch.Traces.Clear();
        batch.Traces.Decode(encoded, 41, 10);

        Assert.True(batch.Traces.All.SequenceEqual([sound]), why);
    }

    private static RecordBatch Make(int count)
    {
        var batch = new RecordBatch();
        batch.Clear(firstSequence: 41);
        for (int i = 0; i < count; i++)
        {
            EventBatch one = EventSets.Batch(($"user/{i}", 1000 + i, i % 3 == 0 ? "" : new string('m', i)));
            if (i % 5 == 4)
            {
                one.Clear();
                EventSets.Add(one, $"user/{i}", 1000 + i, "paid", "", ("amount", i / 2.0), ("left", -i));
            }
            batch.Add(one[0], 5000 + i);
        }
        return batch;
    }
}
