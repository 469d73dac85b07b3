using Foretell.Engine.Events;
using Foretell.Engine.Shards;
using Foretell.Models.Network;
using Foretell.Stores.Sqlite;
using Foretell.Support;

namespace Foretell.Hosting.Tests;

/// <summary>Hosts whose model reads events' values and tells kinds of streams apart.</summary>
public sealed class ValuesTests : IDisposable
{
    private const int Streams = 60;

    private readonly TemporaryFolder _directory = new();
    private readonly TestTime _time = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>Laws 1, 2 and 5: what comes of it does not depend on where a process ends. Rows of a model with values have a width
    /// of their own, and those of softmax have a tail behind it.</summary>
    [Theory]
    [InlineData("aaren")]
    [InlineData("linear")]
    [InlineData("softmax")]
    public async Task State_WhenTheHostIsKilledBetweenEventsWithValues_EqualsThePlainReference(string mixer)
    {
        ForecastModel model = Small.CreateValued(seed: 3, mixer);
        EventBatch records = Small.ValuedWorkload(900, Streams, _time.NowTicks, seed: 11);
        for (int from = 0; from < records.Count; from += 300)
        {
            EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(Options(model));
            await platform.AppendAsync(Part(records, from, from + 150), null, default);
            await platform.DrainAsync(default);
            // The rest is in the log when the platform goes, applied or not.
            await platform.AppendAsync(Part(records, from + 150, from + 300), null, default);
            await platform.AbandonAsync();
        }

        Reference reference = await Reference.ReplayAsync(_directory.At("log.db"), model);
        await using EmbeddedPlatform last = await EmbeddedPlatform.OpenAsync(Options(model));
        await last.DrainAsync(default);
        Assert.Equal(reference.Digest(), await last.StateDigestAsync(default));
        Assert.Equal(reference.Calibration, await last.CalibrationAsync(default));
        foreach (string stream in reference.Streams)
        {
            Assert.Equal(reference.Scores(stream), (await last.FindAsync(stream, default))!.Scores);
        }
        PlatformStatus status = last.Status();
        Assert.Equal((reference.Streams.Count(), reference.Applied, reference.DeadLetters.Count),
            (status.Streams, status.EventsApplied, status.DeadLetters));
        Assert.Equal((900, 0), (status.EventsAccepted, status.LagEvents));
        Assert.Equal(reference.DeadLetters.Order(),
            (await last.DeadLettersAsync(int.MaxValue, default)).Select(l => (l.Partition, l.Sequence, l.Reason)).Order());
        Assert.Contains(reference.DeadLetters, letter => letter.Reason == "label");
    }

    [Fact]
    public async Task Status_WhenLabelsCame_ScoresThemOverAllPartitions()
    {
        await using EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(Options(Small.Valued));
        await platform.AppendAsync(Small.ValuedWorkload(900, Streams, _time.NowTicks, seed: 12), null, default);
        await platform.DrainAsync(default);

        Reference reference = await Reference.ReplayAsync(_directory.At("log.db"), Small.Valued);
        ScoreTotals scores = platform.Status().Scores;
        Assert.Equal((reference.Labels.Count, reference.Labels.Hits), (scores.Labels.Count, scores.Labels.Hits));
        Assert.Equal(reference.Labels.Log, scores.Labels.Log, 1e-9 * Math.Abs(scores.Labels.Log));
        Assert.Equal(reference.Scored.Value, scores.Value, 1e-6 * Math.Abs(scores.Value));
    }

    private static EventBatch Part(EventBatch records, int from, int to)
    {
        var part = new EventBatch();
        for (int i = from; i < to; i++)
        {
            part.Add(records[i]);
        }
        return part;
    }

    private EmbeddedOptions Options(ForecastModel model) => new()
    {
        OpenStorage = SqliteStorage.In(_directory.Path, 2),
        Model = model,
        Threads = 1,
        CommitRecords = 250,
        CommitInterval = TimeSpan.FromDays(1),
        Time = _time,
    };
}
