
namespace Foretell.Grains.Contracts;

/// <summary>The single owner of one partition, as other silos see it. Its key is the partition.</summary>
/// <remarks>
/// Every method but <see cref="Status"/> throws <see cref="ShardUnavailableException"/> while the shard loads, after
/// it was fenced, and while it cannot prove that it is still the owner.
/// </remarks>
[Alias("foretell.shard")]
public interface IShardGrain : IGrainWithIntegerKey
{
    /// <summary>Where a reader has to begin.</summary>
    [Alias("resume"), ResponseTimeout("00:00:03")]
    Task<ReaderAnswer> Resume();

    /// <summary>Applies a batch that continues at the shard's position. The awaited answer is the reader's back-pressure.</summary>
    [Alias("apply"), ResponseTimeout("00:00:10")]
    Task<ReaderAnswer> Apply(ReaderBatch batch);

    /// <summary>One stream's state, or null when it has no applied event.</summary>
    [Alias("find"), ResponseTimeout("00:00:03")]
    Task<StreamState?> Find(string stream);

    /// <summary>The streams of this partition whose silence is least likely, least likely first, those that are gone
    /// included.</summary>
    [Alias("overdue"), ResponseTimeout("00:00:10")]
    Task<OverdueRow[]> Overdue(long atTicks, int limit);

    /// <summary>The same of the streams asked for.</summary>
    [Alias("overdue-of"), ResponseTimeout("00:00:10")]
    Task<OverdueRow[]> Overdue(OverdueRequest request);

    /// <summary>Dead letters of this partition, newest first.</summary>
    [Alias("dead-letters"), ResponseTimeout("00:00:05")]
    Task<DeadLetterRow[]> DeadLetters(int limit);

    /// <summary>How well the model's probabilities came true on this partition: the counts of <c>Calibration.ToBytes</c>
    /// (docs/formats.md).</summary>
    [Alias("calibration"), ResponseTimeout("00:00:03")]
    Task<byte[]> Calibration();

    /// <summary>Digests of some rows, for a digest over all streams.</summary>
    /// <param name="first">First row; rows are numbered from 0 and never move while the shard lives.</param>
    [Alias("digests"), ResponseTimeout("00:00:10")]
    Task<DigestPage> Digests(int first);

    /// <summary>Counts and health; answers in every state of the shard.</summary>
    [Alias("status"), ResponseTimeout("00:00:03")]
    Task<ShardStatus> Status();

    /// <summary>Answers once a record is applied, or after about a second with the status as it is then.</summary>
    [Alias("wait-applied"), ResponseTimeout("00:00:04")]
    Task<ShardStatus> WaitApplied(long sequence);

    /// <summary>As <see cref="IStreamGrain.Subscribe"/>.</summary>
    [Alias("subscribe"), ResponseTimeout("00:00:03")]
    Task<Subscribed> Subscribe(string stream, string gateway);

    /// <summary>Commits, then goes on at another silo.</summary>
    [Alias("move"), ResponseTimeout("00:00:03")]
    Task Move(SiloAddress target);
}
