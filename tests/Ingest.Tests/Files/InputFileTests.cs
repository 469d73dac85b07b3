using System.Diagnostics;
using System.IO.Compression;
using System.Net.Sockets;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Files;
using Foretell.Ingest.Tests.Decoding;
using Foretell.Support;
using ZstdSharp;

namespace Foretell.Ingest.Tests.Files;

/// <summary>What a path may name: files that are packed, pipes, and things that are no files of events.</summary>
public sealed class InputFileTests : IDisposable
{
    private static readonly string s_events =
        string.Concat(Enumerable.Range(0, 20_000).Select(i => $$"""{"stream":"s{{i % 7}}","time":{{i}},"mark":"m{{i * i % 5}}"}""" + "\n"));

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Packings => ["gzip", "gzip twice over", "zstd", "zstd twice over"];

    [Theory]
    [MemberData(nameof(Packings))]
    public void ReadEvents_WhenPacked_ReadsTheSameWhateverTheFileIsCalled(string packing)
    {
        List<DecodedRow> plain = Read(_folder.Write("plain.ndjson", s_events));
        byte[] packed = Pack(packing, s_events);

        Assert.Equal(20_000, plain.Count);
        Assert.Equal(plain, Read(_folder.Write("events.ndjson", packed)));
        Assert.Equal(plain, Read(_folder.Write("events.bin", packed)));
    }

    [Fact]
    public void ReadEvents_WhenAPackedFilesNameSaysCsv_TakesItForCsv()
    {
        byte[] packed = Pack("gzip", "{stream,time\n");
        Assert.Contains("the columns are {stream, time",
            Assert.Throws<EventFileException>(() => Read(_folder.Write("x.csv.gz", packed))).Message);
    }

    [Theory]
    [MemberData(nameof(Packings))]
    public void ReadEvents_WhenPackedDataIsCutShort_SaysSo(string packing)
    {
        byte[] packed = Pack(packing, s_events);
        foreach (int cut in new[] { packed.Length - 1, packed.Length - 5, packed.Length / 3 })
        {
            var error = Assert.Throws<EventFileException>(() => Read(_folder.Write("x.ndjson", packed[..cut])));
            Assert.Matches("damaged or cut short|is cut short", error.Message);
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public void ReadEvents_WhenPackedDataIsDamaged_SaysSo(string packing)
    {
        byte[] packed = Pack(packing, s_events);
        packed[packed.Length / 2] ^= 0x55;
        Assert.Throws<EventFileException>(() => Read(_folder.Write("x.ndjson", packed)));
    }

    [Fact]
    public void ReadEvents_WhenPackedTwice_SaysSo() => Assert.Contains("compressed twice",
        Assert.Throws<EventFileException>(() => Read(_folder.Write("x", Pack("zstd", Encoding.Latin1.GetString(Pack("gzip", "a")))))).Message);

    [Theory]
    [InlineData(new byte[] { 0x50, 0x4B, 3, 4, 20, 0, 0, 0 }, "This is a zip archive; gzip and zstd files are read as they are. Feed it through a pipe: unzip -p FILE | foretell")]
    [InlineData(new byte[] { 0x42, 0x5A, 0x68, 0x39 }, "This is a bzip2 file")]
    [InlineData(new byte[] { 0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 0, 0 }, "This is an xz file")]
    [InlineData(new byte[] { 0x04, 0x22, 0x4D, 0x18, 0, 0, 0, 0 }, "This is an lz4 file")]
    [InlineData(new byte[] { 1, 2, 0, 4 }, "This is no text")]
    [InlineData(new byte[] { (byte)'s', 0, (byte)'t', 0 }, "This is no text")]
    public void ReadEvents_WhenTheFileIsOfAnotherKind_SaysWhich(byte[] content, string expected) => Assert.Contains(expected,
        Assert.Throws<EventFileException>(() => Read(_folder.Write("x.csv", content))).Message);

    [Theory]
    [InlineData("/dev/zero", "a device or another special file")]
    [InlineData("/dev/urandom", "a device or another special file")]
    [InlineData("/dev/null", "The file is empty")]
    public void ReadEvents_WhenThePathIsADevice_Refuses(string path, string expected)
    {
        Assert.SkipUnless(File.Exists(path), $"{path} is not there.");
        Assert.Contains(expected, Assert.Throws<EventFileException>(() => Read(path)).Message);
    }

    [Fact]
    public void ReadEvents_WhenThePathIsASocket_Refuses()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_folder.At("s")));
        Assert.Contains("This is a socket", Assert.Throws<EventFileException>(() => Read(_folder.At("s"))).Message);
    }

    [Theory]
    [InlineData("events.ndjson")]
    [InlineData("events.gz")]
    public void Read_WhenThePathIsAPipe_ReadsItOnce(string name)
    {
        string source = name.EndsWith(".gz", StringComparison.Ordinal)
            ? _folder.Write(name, Pack("gzip", s_events)) : _folder.Write(name, s_events);

        Assert.Equal(Read(source), Through(source, Read));
        Assert.Equal(EventFile.ReadSequences(source).Select(s => (s.Id, s.Times.Length)),
            Through(source, path => EventFile.ReadSequences(path).Select(s => (s.Id, s.Times.Length)).ToList()));
        Assert.True(InputFile.CanReadAgain(source));
        Assert.False(InputFile.CanReadAgain(_folder.At("pipe")));
        Assert.False(InputFile.CanReadAgain("-"));
    }

    [Fact]
    public void Read_WhenALineNeverEnds_StopsInBoundedMemory()
    {
        // A gigabyte of one line, packed into a megabyte.
        using (var file = new GZipStream(File.Create(_folder.At("long.gz")), CompressionLevel.Fastest))
        {
            byte[] part = Encoding.ASCII.GetBytes(new string('x', 1 << 20));
            for (int i = 0; i < 1024; i++)
            {
                file.Write(part);
            }
        }
        // This thread's alone: other tests run beside it.
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Contains("line 1: The line is longer than 64 MiB",
            Assert.Throws<EventFileException>(() => Read(_folder.At("long.gz"))).Message);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200 << 20);
    }

    /// <summary>What a reader makes of a file that comes through a named pipe.</summary>
    private T Through<T>(string source, Func<string, T> read)
    {
        string pipe = _folder.At("pipe");
        File.Delete(pipe);
        using (Process make = Process.Start("mkfifo", [pipe]))
        {
            make.WaitForExit();
        }
        Task writing = Task.Run(() =>
        {
            using var to = new FileStream(pipe, FileMode.Open, FileAccess.Write);
            using FileStream from = File.OpenRead(source);
            from.CopyTo(to);
        });
        T result = read(pipe);
        Assert.True(writing.Wait(TimeSpan.FromMinutes(1)));
        return result;
    }

    private static List<DecodedRow> Read(string path)
    {
        var rows = new List<DecodedRow>();
        foreach (EventBatch batch in EventFile.ReadEvents(path))
        {
            rows.AddRange(Enumerable.Range(0, batch.Count).Select(i => DecodedRow.From(batch[i])));
        }
        return rows;
    }

    /// <summary>The text, packed; "twice over" in two members or frames, one behind the other.</summary>
    private static byte[] Pack(string packing, string text)
    {
        byte[] plain = Encoding.Latin1.GetBytes(text);
        int half = packing.EndsWith("over", StringComparison.Ordinal) ? plain.Length / 2 : plain.Length;
        var packed = new MemoryStream();
        foreach (byte[] part in (byte[][])[plain[..half], plain[half..]])
        {
            if (part.Length == 0)
            {
                continue;
            }
            using Stream into = packing.StartsWith("gzip", StringComparison.Ordinal)
                ? new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)
                : new CompressionStream(packed, leaveOpen: true);
            into.Write(part);
        }
        return packed.ToArray();
    }
}
