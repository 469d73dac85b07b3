using System.Data;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Npgsql;
using static Foretell.Stores.Postgres.PostgresParameters;

namespace Foretell.Stores.Postgres;

/// <summary>Reads one partition, some segments at a time, and hands out records.</summary>
internal sealed class PostgresLogReader(PostgresDatabase database, int partition, long after, SequenceSignal end) : ILogReader
{
    // What is fetched at once, give or take a segment: enough to make the round trip cheap, and bounded memory.
    private const int FetchBytes = 1 << 20;
    private const int FetchSegments = 512;

    private const string Select = """
        SELECT first, count, append, crc, length, trace, records FROM (
            SELECT *, sum(length) OVER (ORDER BY first) - length AS before FROM (
                SELECT first, count, append, crc, octet_length(records) AS length, trace, records FROM segment
                WHERE partition = $1 AND first >= (SELECT max(first) FROM segment WHERE partition = $1 AND first <= $2)
                ORDER BY first LIMIT $3) few) measured
        WHERE before < $4 ORDER BY first
        """;

    private readonly Queue<(int Length, long AppendTicks, long First, long Count, byte[]? Traces)> _segments = new();
    private readonly RecordTraces _traces = new();
    private byte[] _bytes = [];
    private int _offset, _segmentEnd;
    private long _appendTicks;
    private long _next = after + 1;

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(RecordBatch into, int maximum, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximum, 1);
        cancellationToken.ThrowIfCancellationRequested();
        into.Clear(_next);
        long last = end.Value;
        while (into.Count < maximum && _next <= last)
        {
            if (_offset == _segmentEnd && !NextSegment())
            {
                try
                {
                    await FetchAsync(cancellationToken);
                }
                catch (Exception) when (into.Count > 0)
                {
                    // What was read counts; the failure shows again at the next call, when nothing is lost by it.
                    break;
                }
                continue;
            }
            int length = new LogRecord(_bytes.AsSpan(_offset)).Length;
            into.Add(_bytes.AsSpan(_offset, length), _appendTicks);
            _offset += length;
            _next++;
        }
        _traces.MoveTo(into.Traces, into.FirstSequence, into.LastSequence);
        return into.Count;
    }

    /// <inheritdoc/>
    public Task WaitAsync(CancellationToken cancellationToken) => end.WaitAsync(_next, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private bool NextSegment()
    {
        if (!_segments.TryDequeue(out (int Length, long AppendTicks, long First, long Count, byte[]? Traces) segment))
        {
            return false;
        }
        (_segmentEnd, _appendTicks) = (_offset + segment.Length, segment.AppendTicks);
        _traces.Decode(segment.Traces, segment.First, segment.Count);
        return true;
    }

    private async Task FetchAsync(CancellationToken cancellationToken)
    {
        try
        {
            await database.RunAsync(FetchAsync, cancellationToken);
        }
        catch (Exception e)
        {
            Forget();
            if (PostgresFault.Is(e))
            {
                throw PostgresFault.Unavailable("The log cannot be read", e);
            }
            throw;
        }
    }

    private async Task<bool> FetchAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        Forget();
        await using NpgsqlCommand command = connection.Command(Select, Int(partition), Long(_next), Int(FetchSegments), Int(FetchBytes));
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken);
        long expected = _next;
        int filled = 0;
        while (await reader.ReadAsync(cancellationToken))
        {
            long first = reader.GetInt64(0), count = reader.GetInt32(1), append = reader.GetInt64(2), crc = reader.GetInt64(3);
            int length = reader.GetInt32(4);
            byte[]? traces = await reader.IsDBNullAsync(5, cancellationToken) ? null : reader.GetFieldValue<byte[]>(5);
            if (_bytes.Length - filled < length)
            {
                Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, filled + length));
            }
            await using (Stream records = await reader.GetStreamAsync(6, cancellationToken))
            {
                await records.ReadExactlyAsync(_bytes.AsMemory(filled, length), cancellationToken);
            }
            // The first segment may begin before the record that is wanted; each other one right behind its predecessor.
            bool follows = _segments.Count == 0 ? first <= expected && first + count > expected : first == expected;
            ReadOnlyMemory<byte> segment = _bytes.AsMemory(filled, length);
            string? damage = !follows ? "is missing"
                : Crc32C.Compute(segment.Span) != (uint)crc ? "fails its checksum"
                : SegmentCheck.Damage(segment.Span, count, append);
            if (damage is not null)
            {
                if (_segments.Count == 0)
                {
                    throw Damaged(expected, damage);
                }
                // What precedes the damage is handed out; the damage shows when its turn comes.
                break;
            }
            if (_segments.Count == 0)
            {
                for (long skipped = first; skipped < expected; skipped++)
                {
                    _offset += new LogRecord(_bytes.AsSpan(_offset)).Length;
                }
                // The record that is wanted begins a segment, as far as this reader is concerned.
                _segmentEnd = _offset;
            }
            _segments.Enqueue((length - (_segments.Count == 0 ? _offset : 0), append, first, count, traces));
            filled += length;
            expected = first + count;
        }
        if (_segments.Count > 0)
        {
            return true;
        }
        await reader.DisposeAsync();
        throw await MissingAsync(connection, expected, cancellationToken);
    }

    private async Task<InvalidDataException> MissingAsync(NpgsqlConnection connection, long sequence, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = connection.Command("SELECT sequence FROM trimmed WHERE partition = $1", Int(partition));
        if (await command.ExecuteScalarAsync(cancellationToken) is not long trimmed || trimmed < sequence)
        {
            return Damaged(sequence, "is missing");
        }
        var cause = new LogTrimmedException(partition, sequence, trimmed);
        return new InvalidDataException(cause.Message, cause);
    }

    private void Forget()
    {
        _segments.Clear();
        (_offset, _segmentEnd) = (0, 0);
    }

    private InvalidDataException Damaged(long sequence, string what) => new(
        $"The log in schema {database.Schema} is damaged: the segment with record {sequence} of partition {partition} {what}. Restore the database from a copy.");
}
