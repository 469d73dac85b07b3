using Foretell.Engine.Events;
using Foretell.Ingest.Files;
using Foretell.Ingest.Simulation;
using Foretell.Ingest.Tests.Decoding;
using Foretell.Models.PointProcess;
using Foretell.Support;

namespace Foretell.Ingest.Tests.Simulation;

public sealed class SimulationFileTests : IDisposable
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 31, 7, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_WhenEventsAreReadBack_TheyAreTheSame()
    {
        string path = Path.Combine(_folder.Path, "out.ndjson");
        SimulatedEvent[] events = [.. Simulator.Create("demo", 20, 3, s_start).Events().Take(1000)];

        SimulationSummary summary = SimulationFile.Write(path, events);

        var read = new List<(string, long, string)>();
        foreach (EventBatch batch in EventFile.ReadEvents(path, batchSize: 64))
        {
            for (int i = 0; i < batch.Count; i++)
            {
                Decoding.DecodedRow row = Decoding.DecodedRow.From(batch[i]);
                read.Add((row.Stream, row.Ticks, row.Mark));
            }
        }
        Assert.Equal(events.Select(e => (e.Stream, e.TimeTicks, e.Mark)), read);
        Assert.Equal((1000, 20), (summary.Events, summary.Streams));
        Assert.Equal(-events.Where(e => e.Ordinal > 0).Average(e => e.LogDensity), summary.TrueNllTime, 1e-12);
        Assert.Equal(-events.Where(e => e.Ordinal > 0).Average(e => e.LogMark), summary.TrueNllMark, 1e-12);
    }

    [Fact]
    public void Write_WhenSequencesAreReadBack_TheyHoldEveryEvent()
    {
        string path = Path.Combine(_folder.Path, "out.jsonl");
        SimulatedEvent[] events = [.. Simulator.Create("renewal", 5, 3, s_start).Events().Take(500)];

        SimulationFile.Write(path, events);

        List<EventSequence> sequences = EventFile.ReadSequences(path);
        Assert.Equal(5, sequences.Count);
        foreach (EventSequence sequence in sequences)
        {
            SimulatedEvent[] own = [.. events.Where(e => e.Stream == sequence.Id)];
            Assert.Equal(own.Select(e => (e.TimeTicks - events[0].TimeTicks) / 1e7), sequence.Times);
            Assert.Equal(own.Select(e => e.Mark), sequence.Marks!);
        }
    }

    [Fact]
    public void Write_WhenExtensionIsUnknown_NamesTheTwo() => Assert.Contains("FILE.jsonl",
        Assert.Throws<ArgumentException>(() => SimulationFile.Write(Path.Combine(_folder.Path, "x.parquet"), [])).Message);
}
