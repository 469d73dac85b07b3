using System.IO.Compression;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Fuzz.Running;
using Foretell.Ingest.Files;
using Parquet;
using Parquet.Schema;

namespace Foretell.Fuzz.Targets;

/// <summary>Files of events, as training and replay read them. A refusal names the file.</summary>
internal static class FileTargets
{
    private const string Ndjson = "{\"stream\":\"a\",\"time\":1,\"mark\":\"x\"}\n{\"stream\":\"b\",\"time\":\"2026-01-31T12:00:00Z\"}\n";

    // In memory where the system has such a folder: a disk would take most of the time.
    internal static readonly string Folder = Directory.CreateDirectory(
        Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"foretell-fuzz-{Environment.ProcessId}")).FullName;

    static FileTargets() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        // The instrumented code has one of these, too.
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    };

    private static readonly CompressionMethod[] s_codecs =
    [
        CompressionMethod.None, CompressionMethod.Snappy, CompressionMethod.Gzip, CompressionMethod.Zstd, CompressionMethod.Brotli,
        CompressionMethod.Lz4Raw,
    ];

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        File("file-ndjson", ".ndjson", ["\"stream\":", "\"time\":", "\"mark\":", "\"values\":{", "\"label\":", "\n", "{", "}"], Encoding.UTF8.GetBytes(Ndjson),
            "{\"stream\":\"a\",\"time\":1,\"values\":{\"x\":1}}\n{\"stream\":\"a\",\"time\":2,\"label\":\"y\"}\n"u8.ToArray()),
        File("file-sequences", ".jsonl", ["\"id\":", "\"t\":[", "\"k\":[", "\"v\":{", "\"static\":{", "\\ud800", "]}\n", "1e308,", "null"],
            "{\"id\":\"a\",\"t\":[1,2,3.5],\"k\":[\"x\",\"y\",\"x\"]}\n{\"id\":7,\"t\":[]}\n"u8.ToArray(),
            "{\"id\":\"a\",\"t\":[1,2],\"v\":{\"x\":[1,null]},\"label\":\"y\"}\n"u8.ToArray(),
            "{\"id\":\"a\",\"t\":[1,2],\"static\":{\"age\":1,\"model\":\"m\",\"new\":true},\"fold\":1}\n"u8.ToArray()),
        File("file-csv", ".csv", ["stream", "time", "mark", "\"", "\"\"", ",", ";", "\t", "\n"],
            "stream,time,mark\nc,2026-01-31T12:00:00Z,buy\n\"a \"\"b\"\"\",1769860801.5,\n"u8.ToArray(), "\uFEFFTime;Stream\n1;2\n"u8.ToArray()),
        File("file-gzip", ".ndjson.gz", [], Packed(stream => new GZipStream(stream, CompressionLevel.Fastest))),
        File("file-zstd", ".ndjson.zst", [], Packed(stream => new ZstdSharp.CompressionStream(stream))) with { FreeBytes = 300 << 20, Share = 100 },
        File("file-parquet", ".parquet", ["PAR1", "stream", "time", "mark"], [.. s_codecs.Select(codec => WrittenAsync(codec).GetAwaiter().GetResult())])
            with { FreeBytes = 32 << 20, BytesPerByte = 4096, Share = 100 },
    ];

    private static FuzzTarget File(string name, string ending, string[] words, params byte[][] seeds) =>
        new(name, bytes => Read(Path.Combine(Folder, name + ending), bytes), typeof(EventFileException))
        {
            // A reader's buffers do not depend on the file.
            Seeds = seeds, Words = words, MostBytes = 16_384, FreeBytes = 2 << 20, BytesPerByte = 256, Share = 300,
        };

    private static byte[] Packed(Func<Stream, Stream> pack)
    {
        var packed = new MemoryStream();
        using (Stream stream = pack(packed))
        {
            stream.Write(Encoding.UTF8.GetBytes(Ndjson));
        }
        return packed.ToArray();
    }

    private static async Task<byte[]> WrittenAsync(CompressionMethod codec)
    {
        var stream = new DataField<string>("stream");
        var time = new DataField<double>("time");
        var mark = new DataField<int?>("mark");
        var id = new DataField<long>("id");
        var file = new MemoryStream();
        await using (ParquetWriter writer = await ParquetWriter.CreateAsync(new ParquetSchema(stream, time, mark, id), file,
            new ParquetOptions
            {
                CompressionMethod = codec,
                ColumnEncodingHints = { ["stream"] = EncodingHint.Dictionary, ["id"] = EncodingHint.DeltaBinaryPacked },
            }))
        {
            for (int i = 0; i < 2; i++)
            {
                using ParquetRowGroupWriter group = writer.CreateRowGroup();
                await group.WriteAsync(stream, ["a", "b", "a"]);
                await group.WriteAsync<double>(time, new[] { 1.5, 2, 3 });
                await group.WriteAsync<int>(mark, new int?[] { 1, null, 2 });
                await group.WriteAsync<long>(id, new long[] { 1, 2, 3 });
            }
        }
        return file.ToArray();
    }

    private static void Read(string path, byte[] bytes)
    {
        System.IO.File.WriteAllBytes(path, bytes);
        try
        {
            foreach (EventBatch batch in EventFile.ReadEvents(path, batchSize: 64))
            {
                for (int i = 0; i < batch.Count; i++)
                {
                    RecordTargets.Require(LogRecord.Check(batch[i], out _) is null, "an event of a file is a record that a log may hold");
                }
            }
            EventFile.ReadSequences(path);
        }
        catch (EventFileException e)
        {
            RecordTargets.Require(e.Message.StartsWith(path, StringComparison.Ordinal), "a refusal names the file");
            throw;
        }
    }
}
