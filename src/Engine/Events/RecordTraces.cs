using System.Buffers.Binary;
using System.Diagnostics;

namespace Foretell.Engine.Events;

/// <summary>Consecutive records and the sampled span that appended them.</summary>
/// <param name="First">Sequence number of the first record.</param>
/// <param name="Last">Sequence number of the last record.</param>
/// <param name="Parent">The span; the trace goes on from it behind the log.</param>
public readonly record struct RecordTrace(long First, long Last, ActivityContext Parent);

/// <summary>The traces of some records: kept per append and not per event, and only for appends that somebody samples.</summary>
/// <remarks>
/// Encoded per trace: index of the first record u32 and number of records u32, little-endian; trace id 16 bytes, span
/// id 8 bytes. Only sampled spans are kept, so the flags need no byte; a trace state ends at the log.
/// Source of ids: W3C Trace Context, section 3.2.
/// </remarks>
public sealed class RecordTraces
{
    private const int EntryBytes = 32, TraceIdAt = 8, SpanIdAt = 24;

    private readonly List<RecordTrace> _traces = [];

    /// <summary>The traces, in the order of their records.</summary>
    public IReadOnlyList<RecordTrace> All => _traces;

    /// <summary>Adds a trace.</summary>
    public void Add(RecordTrace trace) => _traces.Add(trace);

    /// <summary>Removes every trace.</summary>
    public void Clear() => _traces.Clear();

    /// <summary>The traces' bytes, with sequence numbers counted from <paramref name="origin"/>; null when there are none.</summary>
    public byte[]? Encode(long origin)
    {
        if (_traces.Count == 0)
        {
            return null;
        }
        byte[] encoded = new byte[_traces.Count * EntryBytes];
        for (int i = 0; i < _traces.Count; i++)
        {
            Span<byte> entry = encoded.AsSpan(i * EntryBytes, EntryBytes);
            RecordTrace trace = _traces[i];
            BinaryPrimitives.WriteUInt32LittleEndian(entry, checked((uint)(trace.First - origin)));
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], checked((uint)(trace.Last - trace.First + 1)));
            trace.Parent.TraceId.CopyTo(entry[TraceIdAt..SpanIdAt]);
            trace.Parent.SpanId.CopyTo(entry[SpanIdAt..]);
        }
        return encoded;
    }

    /// <summary>Adds what <see cref="Encode"/> made. Bytes that are no traces are left out: a trace must never stop an event.</summary>
    /// <param name="encoded">The bytes.</param>
    /// <param name="origin">Sequence number of the first record that they may speak of.</param>
    /// <param name="count">Records that they may speak of.</param>
    public void Decode(ReadOnlySpan<byte> encoded, long origin, long count)
    {
        long free = 0;
        for (; encoded.Length >= EntryBytes; encoded = encoded[EntryBytes..])
        {
            long index = BinaryPrimitives.ReadUInt32LittleEndian(encoded), records = BinaryPrimitives.ReadUInt32LittleEndian(encoded[4..]);
            // Appends lie one behind the other: there are at most as many traces as records, and each of them leaves with its records.
            if (index < free || records == 0 || index + records > count)
            {
                continue;
            }
            free = index + records;
            var trace = ActivityTraceId.CreateFromBytes(encoded[TraceIdAt..SpanIdAt]);
            var span = ActivitySpanId.CreateFromBytes(encoded[SpanIdAt..EntryBytes]);
            var parent = new ActivityContext(trace, span, ActivityTraceFlags.Recorded, isRemote: true);
            Add(new RecordTrace(origin + index, origin + free - 1, parent));
        }
    }

    /// <summary>Moves the traces of some records to where these records went; those of later records stay, those of earlier ones
    /// go.</summary>
    public void MoveTo(RecordTraces target, long first, long last)
    {
        if (_traces.Count == 0)
        {
            return;
        }
        foreach (RecordTrace trace in _traces)
        {
            if (trace.Last >= first && trace.First <= last)
            {
                target.Add(trace with { First = Math.Max(trace.First, first), Last = Math.Min(trace.Last, last) });
            }
        }
        _traces.RemoveAll(trace => trace.Last <= last);
    }
}
