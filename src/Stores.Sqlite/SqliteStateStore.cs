using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Store;

namespace Foretell.Stores.Sqlite;

/// <summary>The store in SQLite files, one per partition: shard-0000.db and on (docs/formats.md).</summary>
/// <param name="directory">Where the files are.</param>
/// <param name="identity">Name of the log that the rows are made from; files of another log are refused. Null takes files as they
/// are.</param>
/// <param name="mayBeNew">Whether a partition's file may be begun anew where it is missing; null for always.</param>
public sealed class SqliteStateStore(string directory, string? identity = null, Func<int, bool>? mayBeNew = null) : IStateStore
{
    private readonly ConcurrentDictionary<int, SqliteShardFile> _files = new();

    /// <summary>Whether all that the log shows is on the disk: rows ahead of what a power cut leaves of it belong to no log.</summary>
    internal Func<bool> IsLogDurable { get; init; } = () => true;

    // SQLite has no asynchronous calls. What waits for a disk must not keep the pool's threads from requests, nor the shards' from
    // steps; two at least, so that one partition's slow checkpoint does not hold up all others.
    private readonly WorkerThreads _threads = new(Math.Max(2, Environment.ProcessorCount / 2), "foretell-store");

    /// <inheritdoc/>
    public Task<long> TakeEpochAsync(int partition, CancellationToken cancellationToken) =>
        Run(partition, file => file.TakeEpoch());

    /// <inheritdoc/>
    public Task<long> ReadEpochAsync(int partition, CancellationToken cancellationToken) =>
        Run(partition, file => file.ReadEpoch());

    /// <inheritdoc/>
    public Task<ShardHeader?> ReadHeaderAsync(int partition, CancellationToken cancellationToken) =>
        Run(partition, file => file.ReadHeader());

    /// <inheritdoc/>
    public async IAsyncEnumerable<Memory<byte>> ReadPagesAsync(int partition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A connection of its own: a long read must not hold the one that commits.
        using SqliteDatabase database = Guard(partition, () => SqliteShardSchema.OpenToRead(PathOf(partition), partition, identity));
        // SQLite opens a file at its first use, which may fail like any other.
        SqliteStatement select = Guard(partition, () => database.Prepare("SELECT rows FROM page ORDER BY id"));
        byte[] page = [];
        while (Guard(partition, select.Step))
        {
            cancellationToken.ThrowIfCancellationRequested();
            int length = select.Blob(0).Length;
            if (page.Length < length)
            {
                page = new byte[length];
            }
            select.Blob(0).CopyTo(page);
            yield return page.AsMemory(0, length);
        }
        await Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task CommitAsync(int partition, long epoch, ShardCommit commit, CancellationToken cancellationToken) =>
        Run(partition, file =>
        {
            if (!IsLogDurable())
            {
                throw new PlatformUnavailableException(
                    "The store waits until the log can be written: some of what it shows might not outlive a loss of power.");
            }
            file.Commit(epoch, commit);
            return true;
        });

    /// <inheritdoc/>
    public Task<long> SecureAsync(int partition, CancellationToken cancellationToken) => Run(partition, file => file.Secure());

    /// <inheritdoc/>
    public Task<IReadOnlyList<DeadLetter>> ReadDeadLettersAsync(int partition, int limit, CancellationToken cancellationToken) =>
        _threads.Run(() => Guard(partition, () =>
        {
            using SqliteDatabase database = SqliteShardSchema.OpenToRead(PathOf(partition), partition, identity);
            return SqliteShardSchema.ReadDeadLetters(database, partition, limit);
        }));

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _threads.Dispose();
        foreach (SqliteShardFile file in _files.Values)
        {
            file.Dispose();
        }
        _files.Clear();
        return ValueTask.CompletedTask;
    }

    private string PathOf(int partition) => Path.Combine(directory, $"shard-{partition:D4}.db");

    private Task<T> Run<T>(int partition, Func<SqliteShardFile, T> work) => _threads.Run(() =>
    {
        SqliteShardFile file = _files.GetOrAdd(partition,
            p => new SqliteShardFile(PathOf(p), p, identity, mayBeNew ?? (_ => true), IsLogDurable));
        lock (file)
        {
            return Guard(partition, () => work(file));
        }
    });

    private T Guard<T>(int partition, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is InvalidDataException or SqliteException { IsDamage: true })
        {
            throw new InvalidDataException($"the file {PathOf(partition)} is not to be believed: {e.Message}", e);
        }
        catch (SqliteException e)
        {
            throw new PlatformUnavailableException($"The store cannot be used: {e.Message}", e);
        }
    }
}
