using System.Text;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Npgsql;
using static Foretell.Stores.Postgres.PostgresParameters;

namespace Foretell.Stores.Postgres;

/// <summary>One transaction that appends a group: locks, then writes and commits, in two round trips.</summary>
/// <remarks>
/// The first trip locks the counter row of every partition that the group may touch, in ascending order, which is
/// every appender's order, so that none waits for another in a circle. The locks are held until the commit: a
/// sequence number is given out only when all before it are visible, however many appenders there are. A request
/// with an idempotency key also locks the counter row that its key's hash gives; so the second one of two equal keys
/// waits for the first one's commit, from whichever process they come, and then finds the key. Last come the rows of sources, in
/// ascending order: who locks one has every other lock.
/// </remarks>
internal sealed class PostgresAppend : IAppendMemory
{
    private readonly Dictionary<string, (byte[] Fingerprint, AppendReceipt Receipt, long AppendTicks)> _requests = [];
    private readonly Dictionary<string, string> _controls = [];
    private readonly List<(IdempotentRequest Request, AppendReceipt Receipt)> _newRequests = [];
    private readonly Dictionary<string, string> _newControls = [];
    private readonly Dictionary<SourcePartition, SourceState> _sources = [];
    private readonly HashSet<SourcePartition> _newSources = [];

    /// <summary>Latest append in the locked partitions; append times do not go back behind it.</summary>
    public long LastAppendTicks { get; private set; } = long.MinValue;

    /// <summary>Takes the locks, sets the group's ends, reads the keys and control records that the group asks for.</summary>
    public static async Task<PostgresAppend> LockAsync(NpgsqlConnection connection, AppendGroup group, int partitionCount,
        CancellationToken cancellationToken)
    {
        string[] keys = [.. group.Requests.Where(r => r.Idempotent is not null).Select(r => r.Idempotent!.Key).Distinct()];
        string[] controls = [.. group.Requests.Where(r => r.Control is not null).Select(r => r.Control!.Value.Name).Distinct()];
        SourcePartition[] sources = [.. group.Requests.Select(r => r.Take ?? r.Source?.Partition).OfType<SourcePartition>().Distinct()
            .OrderBy(s => s.Source, StringComparer.Ordinal).ThenBy(s => s.Partition, StringComparer.Ordinal)];
        var partitions = new SortedSet<int>(group.Requests.SelectMany(r => r.Parts).Select(part => part.Partition));
        partitions.UnionWith(keys.Select(key => EventHubsPartitioner.Partition(Encoding.UTF8.GetBytes(key), partitionCount)));

        await using var batch = new NpgsqlBatch(connection);
        batch.Add("BEGIN");
        batch.Add("SELECT partition, sequence, events, append FROM partition WHERE partition = ANY($1) ORDER BY partition FOR UPDATE",
            Ints(partitions));
        if (keys.Length > 0)
        {
            batch.Add("SELECT key, fingerprint, accepted, position, payload, append FROM request WHERE key = ANY($1)", Utf8(keys));
        }
        if (controls.Length > 0)
        {
            batch.Add("SELECT name, value FROM control WHERE name = ANY($1)", Texts(controls));
        }
        if (sources.Length > 0)
        {
            // The row of a partition that nobody has read must be there to be locked.
            batch.Add("INSERT INTO source SELECT n, p, NULL, '', 0 FROM unnest($1, $2) s(n, p) ON CONFLICT DO NOTHING",
                Texts(sources.Select(s => s.Source)), Texts(sources.Select(s => s.Partition)));
            batch.Add("SELECT name, partition, epoch, position, identity FROM source WHERE (name, partition) IN (SELECT * FROM unnest($1, $2)) "
                + "ORDER BY name, partition FOR UPDATE", Texts(sources.Select(s => s.Source)), Texts(sources.Select(s => s.Partition)));
        }
        var append = new PostgresAppend();
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var end = new LogEnd(reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3));
            group[reader.GetInt32(0)].End = end;
            append.LastAppendTicks = Math.Max(append.LastAppendTicks, end.Sequence == 0 ? long.MinValue : end.AppendTicks);
        }
        if (keys.Length > 0)
        {
            await reader.NextResultAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                if (!Position.TryParse(reader.GetString(3), out Position position))
                {
                    throw new InvalidDataException(
                        $"The table request is damaged: the position of an idempotency key is '{reader.GetString(3)}'. "
                        + "Restore the database from a copy.");
                }
                var receipt = new AppendReceipt(reader.GetInt32(2), position, Replayed: true, reader.GetFieldValue<byte[]>(4));
                append._requests.Add(Encoding.UTF8.GetString(reader.GetFieldValue<byte[]>(0)),
                    (reader.GetFieldValue<byte[]>(1), receipt, reader.GetInt64(5)));
            }
        }
        if (controls.Length > 0)
        {
            await reader.NextResultAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                append._controls.Add(reader.GetString(0), reader.GetString(1));
            }
        }
        if (sources.Length > 0)
        {
            await reader.NextResultAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                append._sources.Add(new SourcePartition(reader.GetString(0), reader.GetString(1)), State(reader, 2));
            }
        }
        return append;
    }

    /// <summary>Of a row's columns epoch, position and identity.</summary>
    public static SourceState State(NpgsqlDataReader row, int first) =>
        new(row.GetInt64(first), row.IsDBNull(first + 1) ? null : row.GetInt64(first + 1), row.GetString(first + 2));

    /// <summary>Writes what the group was admitted with, and commits.</summary>
    public async Task CommitAsync(NpgsqlConnection connection, AppendGroup group, long now)
    {
        await using var batch = new NpgsqlBatch(connection);
        if (group.Touched.Count > 0)
        {
            IReadOnlyList<int> touched = group.Touched;
            batch.Add("INSERT INTO segment SELECT p, first, count, $4, crc, records, trace FROM unnest($1, $2, $3, $5, $6, $7) s(p, first, count, crc, records, trace)",
                Ints(touched), Longs(touched.Select(p => group[p].End.Sequence + 1)), Ints(touched.Select(p => group[p].Count)), Long(now),
                Longs(touched.Select(p => (long)Crc32C.Compute(group[p].Records.Span))), Blobs(touched.Select(p => group[p].Records)),
                    Bytes(touched.Select(p => group[p].Traces)));
            batch.Add("UPDATE partition SET sequence = s.sequence, events = s.events, append = $4 FROM unnest($1, $2, $3) s(p, sequence, events) WHERE partition = s.p",
                Ints(touched), Longs(touched.Select(p => group[p].EndBehind(now).Sequence)),
                    Longs(touched.Select(p => group[p].EndBehind(now).Events)), Long(now));
        }
        if (_newRequests.Count > 0)
        {
            batch.Add("""
                INSERT INTO request SELECT key, fingerprint, accepted, position, payload, $6 FROM unnest($1, $2, $3, $4, $5) r(key, fingerprint, accepted, position, payload)
                ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, accepted = excluded.accepted, position = excluded.position,
                    payload = excluded.payload, append = excluded.append
                """,
                Utf8(_newRequests.Select(r => r.Request.Key)), Blobs(_newRequests.Select(r => r.Request.Fingerprint)),
                    Ints(_newRequests.Select(r => r.Receipt.Accepted)),
                Texts(_newRequests.Select(r => r.Receipt.Position.ToString())), Blobs(_newRequests.Select(r => r.Request.Payload)),
                    Long(now));
        }
        if (_newControls.Count > 0)
        {
            batch.Add("INSERT INTO control SELECT * FROM unnest($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                Texts(_newControls.Keys), Texts(_newControls.Values));
        }
        if (_newSources.Count > 0)
        {
            batch.Add("UPDATE source SET epoch = s.e, position = s.p, identity = s.i FROM unnest($1, $2, $3, $4, $5) s(n, k, e, p, i) "
                + "WHERE name = s.n AND partition = s.k",
                Texts(_newSources.Select(s => s.Source)), Texts(_newSources.Select(s => s.Partition)),
                Longs(_newSources.Select(s => _sources[s].Epoch)), Longs(_newSources.Select(s => _sources[s].Number)),
                Texts(_newSources.Select(s => _sources[s].Identity)));
        }
        // In the same trip: it runs only when everything before it succeeded.
        batch.Add("COMMIT");
        await batch.ExecuteNonQueryAsync();
    }

    /// <inheritdoc/>
    public string? FindControl(string name) => _controls.GetValueOrDefault(name);

    /// <inheritdoc/>
    public void PutControl(string name, string value) => _controls[name] = _newControls[name] = value;

    /// <inheritdoc/>
    public SourceState FindSource(SourcePartition partition) => _sources[partition];

    /// <inheritdoc/>
    public void PutSource(SourcePartition partition, SourceState state)
    {
        _sources[partition] = state;
        _newSources.Add(partition);
    }

    /// <inheritdoc/>
    public AppendReceipt? FindRequest(IdempotentRequest request, long nowTicks)
    {
        if (!_requests.TryGetValue(Normal(request.Key), out var found) || found.AppendTicks <= nowTicks - Idempotency.Lifetime.Ticks)
        {
            return null;
        }
        return request.Fingerprint.Span.SequenceEqual(found.Fingerprint) ? found.Receipt : throw Idempotency.Conflict(request.Key);
    }

    /// <inheritdoc/>
    public void PutRequest(IdempotentRequest request, AppendReceipt receipt, long nowTicks)
    {
        _requests[Normal(request.Key)] = (request.Fingerprint.ToArray(), receipt with { Replayed = true }, nowTicks);
        _newRequests.Add((request, receipt));
    }

    // As the key comes back from its bytes: half a surrogate pair does not survive them.
    private static string Normal(string key) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(key));
}
