namespace Foretell.Contracts.Previous;

// What silos of the previous release say to each other, as they had it. Changed at a release only: then the contracts
// that it replaces are copied here.

[Alias("foretell.coordinator")]
public interface ICoordinatorGrain : IGrainWithIntegerKey
{
    [Alias("ping"), ResponseTimeout("00:00:03")]
    Task Ping();
}

[Alias("foretell.partition-reader")]
public interface IPartitionReaderGrain : IGrainWithIntegerKey
{
    [Alias("keep-reading"), ResponseTimeout("00:00:03")]
    Task<ReaderStatus> KeepReading();

    [Alias("move"), ResponseTimeout("00:00:03")]
    Task Move(SiloAddress target);
}

[Alias("foretell.shard")]
public interface IShardGrain : IGrainWithIntegerKey
{
    [Alias("resume"), ResponseTimeout("00:00:03")]
    Task<ReaderAnswer> Resume();

    [Alias("apply"), ResponseTimeout("00:00:10")]
    Task<ReaderAnswer> Apply(ReaderBatch batch);

    [Alias("find"), ResponseTimeout("00:00:03")]
    Task<StreamState?> Find(string stream);

    [Alias("overdue"), ResponseTimeout("00:00:10")]
    Task<OverdueRow[]> Overdue(long atTicks, int limit);

    [Alias("dead-letters"), ResponseTimeout("00:00:05")]
    Task<DeadLetterRow[]> DeadLetters(int limit);

    [Alias("digests"), ResponseTimeout("00:00:10")]
    Task<DigestPage> Digests(int first);

    [Alias("status"), ResponseTimeout("00:00:03")]
    Task<ShardStatus> Status();

    [Alias("wait-applied"), ResponseTimeout("00:00:04")]
    Task<ShardStatus> WaitApplied(long sequence);

    [Alias("move"), ResponseTimeout("00:00:03")]
    Task Move(SiloAddress target);
}

[Alias("foretell.stream")]
public interface IStreamGrain : IGrainWithStringKey
{
    [Alias("observe"), ResponseTimeout("00:00:10")]
    Task<string> Observe(ObservedEvent observed);

    [Alias("status"), ResponseTimeout("00:00:04")]
    Task<StreamState?> Status();

    [Alias("forecast"), ResponseTimeout("00:00:04")]
    Task<StreamForecast?> Forecast(ForecastRequest request);
}
