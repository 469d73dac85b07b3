using System.Text;
using Foretell.Stores.Postgres;

namespace Foretell.Silo.Tests.Support;

/// <summary>One span as it was exported.</summary>
internal sealed record OtlpSpan(string Trace, string Id, string Parent, string Name);

/// <summary>Reads the spans out of OTLP's protobuf, as far as they say who belongs to whom.</summary>
/// <remarks>Source of the field numbers: opentelemetry-proto, trace/v1/trace.proto.</remarks>
internal static class OtlpSpans
{
    private const int ResourceSpans = 1, ScopeSpans = 2, Spans = 2, TraceId = 1, SpanId = 2, ParentSpanId = 4, Name = 5;

    /// <summary>Spans of an export request, or of several of them one behind the other, which protobuf takes for one.</summary>
    public static IReadOnlyList<OtlpSpan> Read(byte[] exported) =>
    [
        .. Fields(exported, ResourceSpans).SelectMany(r => Fields(r, ScopeSpans)).SelectMany(s => Fields(s, Spans)).Select(span =>
            new OtlpSpan(Hex(span, TraceId), Hex(span, SpanId), Hex(span, ParentSpanId),
                Encoding.UTF8.GetString(Fields(span, Name).Single()))),
    ];

    private static string Hex(byte[] message, int field) => Convert.ToHexStringLower(Fields(message, field).SingleOrDefault([]));

    /// <summary>Values of a length-delimited field.</summary>
    private static List<byte[]> Fields(byte[] message, int wanted)
    {
        var found = new List<byte[]>();
        for (int at = 0; at < message.Length;)
        {
            ulong tag = Varint(message, ref at);
            switch (tag & 7)
            {
                case 0:
                    Varint(message, ref at);
                    break;
                case 1:
                    at += 8;
                    break;
                case 2:
                    int length = (int)Varint(message, ref at);
                    if ((int)(tag >> 3) == wanted)
                    {
                        found.Add(message[at..(at + length)]);
                    }
                    at += length;
                    break;
                case 5:
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException($"Byte {at} of {message.Length} is no protobuf tag.");
            }
        }
        return found;
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = message[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
