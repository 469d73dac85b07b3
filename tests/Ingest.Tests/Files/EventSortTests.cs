using System.Globalization;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Files;
using Foretell.Support;

namespace Foretell.Ingest.Tests.Files;

[Collection("temporary files without a name")]
public sealed class EventSortTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5_000)]
    public void TryAddNext_WhenEventsAreUnordered_SortsThemAsAStableSortWould(int count)
    {
        // Few distinct times, so that most events have equals; runs of some twenty events, merged by three, make five levels.
        var random = new Random(7);
        (long Ticks, int Number)[] events = [.. Enumerable.Range(0, count).Select(i => ((long)random.Next(-50, 50), i))];
        using var sort = new EventSort(new Given(events), "x", runBytes: 500, maxRuns: 3);

        Assert.Equal(events.OrderBy(e => e.Ticks), Drain(sort));
    }

    [Fact]
    public void TryAddNext_WhenAllFitsInMemory_MakesNoFile()
    {
        using var sort = new EventSort(new Given([(3, 0), (1, 1), (2, 2)]), "x");
        int before = OpenTemporaryFiles();

        Assert.Equal([(1, 1), (2, 2), (3, 0)], Drain(sort));
        Assert.Equal(before, OpenTemporaryFiles());
    }

    [Fact]
    public void TryAddNext_WhenTheFileBreaksLate_LeavesNoFileBehind()
    {
        int before = OpenTemporaryFiles();
        var given = new Given([.. Enumerable.Range(0, 500).Select(i => (-(long)i, i))], breaks: true);
        using (var sort = new EventSort(given, "x", runBytes: 500))
        {
            Assert.Throws<EventFileException>(() => Drain(sort));
            Assert.True(OpenTemporaryFiles() > before, "Runs were written.");
            Assert.Empty(Directory.EnumerateFiles(Path.GetTempPath(), "foretell-????????????????????????????????"));
        }
        Assert.Equal(before, OpenTemporaryFiles());
    }

    [Fact]
    public void ReadEvents_WhenSorted_SortsAFileNewestFirst()
    {
        string path = _folder.Write("e.csv", "stream,time,mark\nb,3,x\na,2,y\nb,2,z\na,1,w\n");

        var seen = new List<string>();
        foreach (EventBatch batch in EventFile.ReadEvents(path, batchSize: 3, sort: true))
        {
            seen.AddRange(Enumerable.Range(0, batch.Count).Select(i => Encoding.UTF8.GetString(new LogRecord(batch[i]).Mark)));
        }
        Assert.Equal(["w", "y", "z", "x"], seen);
    }

    /// <summary>Runs have no name: what this process holds open tells of them. The tests that make some run one after the other.</summary>
    private static int OpenTemporaryFiles()
    {
        Assert.SkipUnless(Directory.Exists("/proc/self/fd"), "Only Linux tells which files without a name a process holds open.");
        return Directory.EnumerateFiles("/proc/self/fd").Select(TargetOf)
            .Count(file => file.StartsWith(Path.Combine(Path.GetTempPath(), "foretell-"), StringComparison.Ordinal)
                && !file.Contains("foretell-test-", StringComparison.Ordinal));
    }

    private static string TargetOf(string link)
    {
        try
        {
            return File.ResolveLinkTarget(link, false)?.FullName ?? "";
        }
        catch (IOException)
        {
            // Another test's file, closed since it was listed.
            return "";
        }
    }

    private static List<(long Ticks, int Number)> Drain(EventSource source)
    {
        var seen = new List<(long, int)>();
        var batch = new EventBatch();
        for (; source.TryAddNext(batch); batch.Clear())
        {
            var record = new LogRecord(batch[0]);
            seen.Add((record.TimeTicks, int.Parse(record.Mark, CultureInfo.InvariantCulture)));
        }
        return seen;
    }

    private sealed class Given((long Ticks, int Number)[] events, bool breaks = false) : EventSource
    {
        private int _next;

        public override bool TryAddNext(EventBatch batch)
        {
            if (_next == events.Length)
            {
                return breaks ? throw new EventFileException("x", 501, "It breaks.") : false;
            }
            EventSets.Add(batch, "s", events[_next].Ticks, $"{events[_next].Number}");
            _next++;
            return true;
        }
    }
}
