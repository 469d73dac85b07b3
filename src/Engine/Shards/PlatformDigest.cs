using System.Security.Cryptography;
using Foretell.Engine.Rows;
using Foretell.Engine.Store;

namespace Foretell.Engine.Shards;

/// <summary>One digest over all streams: SHA-256 over their digests (32 bytes each), in the order of their keys' bytes.</summary>
/// <remarks>Equal whatever the partitions, hosts and order of arrival among streams (law 5).</remarks>
public sealed class PlatformDigest
{
    private readonly List<(byte[] Key, byte[] Digest)> _streams = [];

    /// <summary>Streams added.</summary>
    public int Streams => _streams.Count;

    /// <summary>Adds one stream.</summary>
    public void Add(byte[] key, byte[] digest) => _streams.Add((key, digest));

    /// <summary>Adds rows of a shard.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="first">First row.</param>
    /// <param name="maximum">Most rows to add.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Rows added; fewer than <paramref name="maximum"/> only behind the last row.</returns>
    public int Add(Shard shard, int first, int maximum, CancellationToken cancellationToken)
    {
        int added = 0;
        for (; added < maximum && shard.CopyRow(first + added) is var (header, state); added++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Add(shard.KeyOf(first + added), StateDigest.Compute(shard.Model, header.Count, header.LastEventTicks, state));
        }
        return added;
    }

    /// <summary>Digest of what a store holds, read beside whoever owns its shards.</summary>
    /// <exception cref="InvalidDataException">The rows are damaged or of another model, or changed while they were read.</exception>
    public static async Task<string> OfStoreAsync(IStateStore store, int partitions, ServingModel model,
        CancellationToken cancellationToken)
    {
        var digest = new PlatformDigest();
        for (int partition = 0; partition < partitions; partition++)
        {
            if (await store.ReadHeaderAsync(partition, cancellationToken) is not { } header)
            {
                continue;
            }
            using var shard = new Shard(partition, model);
            shard.Restore(header);
            await foreach (Memory<byte> page in store.ReadPagesAsync(partition, cancellationToken))
            {
                shard.RestorePage(page.Span);
            }
            if (await store.ReadHeaderAsync(partition, cancellationToken) != header)
            {
                throw new InvalidDataException(
                    $"Partition {partition} was committed while it was read. Read it again when its owner has stopped.");
            }
            digest.Add(shard, first: 0, int.MaxValue, cancellationToken);
        }
        return digest.Compute();
    }

    /// <summary>The streams added, in the order they were added.</summary>
    public IReadOnlyList<(byte[] Key, byte[] Digest)> Entries => _streams;

    /// <summary>The digest, lower-case hex.</summary>
    public string Compute()
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var sorted = new List<(byte[] Key, byte[] Digest)>(_streams);
        sorted.Sort((x, y) => x.Key.AsSpan().SequenceCompareTo(y.Key));
        foreach ((_, byte[] digest) in sorted)
        {
            sha.AppendData(digest);
        }
        return Convert.ToHexStringLower(sha.GetHashAndReset());
    }
}
