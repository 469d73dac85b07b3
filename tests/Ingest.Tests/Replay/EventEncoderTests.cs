using System.Buffers;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Replay;
using Foretell.Ingest.Tests.Decoding;
using Foretell.Support;
using FsCheck;
using FsCheck.Fluent;

namespace Foretell.Ingest.Tests.Replay;

public sealed class EventEncoderTests
{
    [Fact]
    public void WriteNdjson_WhenDecodedAgain_GivesTheSameRecords()
    {
        // Any text and any tick; seed 20260203.
        Gen<string> texts = ArbMap.Default.GeneratorFor<UnicodeString>().Select(s => s.ToString() ?? "");
        Gen<long> ticks = Gen.Choose(int.MinValue, int.MaxValue).Zip(Gen.Choose(0, int.MaxValue))
            .Select(p => Math.Clamp(p.Item1 * 100_000_000L + p.Item2, EventTime.Min, EventTime.Max));
        Property same = Prop.ForAll(texts.Zip(texts).Zip(ticks).ToArbitrary(), sample =>
        {
            ((string key, string mark), long time) = sample;
            var batch = new EventBatch();
            batch.TryAdd(Encoding.UTF8.GetBytes("k" + key), time, Encoding.UTF8.GetBytes(mark), Encoding.UTF8.GetBytes(key));
            var body = new ArrayBufferWriter<byte>();
            EventEncoder.WriteNdjson(batch, body);
            var again = new EventBatch();
            var rejections = new Rejections();
            EventDecoder.For("application/x-ndjson")!.Decode(body.WrittenSpan, again, rejections);
            return rejections.Count == 0 && again.Records.SequenceEqual(batch.Records);
        });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000).WithReplay(20260203, 1), same);
    }

    [Fact]
    public void WriteNdjson_WhenEventsAreFew_WritesOneALine()
    {
        var batch = new EventBatch();
        batch.TryAdd("a\"b"u8, 15_000_000, "x"u8, "1"u8);
        batch.TryAdd("é"u8, -1, default, default);
        batch.TryAdd("c"u8, EventTime.PerSecond, default, default);
        EventSets.Add(batch, "d", EventTime.PerSecond, "m", "", ("amount \"net\"", 12.3), ("tiny", -1e-300), ("third", 1.0 / 3));
        batch.TryAddLabel("e"u8, EventTime.PerSecond, "churned"u8, "2"u8);
        var body = new ArrayBufferWriter<byte>();

        EventEncoder.WriteNdjson(batch, body);

        Assert.Equal("""
            {"stream":"a\"b","time":1.5,"mark":"x","id":"1"}
            {"stream":"é","time":-0.0000001}
            {"stream":"c","time":1}
            {"stream":"d","time":1,"mark":"m","values":{"amount \"net\"":12.3,"tiny":-1E-300,"third":0.3333333333333333}}
            {"stream":"e","time":1,"label":"churned","id":"2"}

            """, Encoding.UTF8.GetString(body.WrittenSpan));
        Assert.Equal(Enumerable.Range(0, batch.Count).Select(i => DecodedRow.From(batch[i])),
            Decoded.From("application/x-ndjson", body.WrittenSpan).Events);
    }
}
