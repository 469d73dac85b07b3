using System.Buffers.Binary;
using System.Text.Json;

namespace Foretell.Models.Weights;

/// <summary>Reads a safetensors file and believes nothing in it unchecked: any bytes give a content or one clear sentence.</summary>
internal static class SafeTensorsReader
{
    public const string MetadataName = "__metadata__";

    /// <summary>The format's own bound on a header.</summary>
    private const int MaxHeaderBytes = 100_000_000;

    private sealed record Entry(string Name, TensorType Type, long[] Shape, long Begin, long End);

    public static SafeTensors Parse(ReadOnlySpan<byte> file)
    {
        if (file.Length < sizeof(ulong))
        {
            throw new InvalidDataException($"It has {file.Length} bytes; even an empty one starts with 8 bytes of header length.");
        }
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(file);
        ReadOnlySpan<byte> rest = file[sizeof(ulong)..];
        if (length > MaxHeaderBytes || length > (ulong)rest.Length)
        {
            throw new InvalidDataException(
                $"Its header claims {length} bytes, but {rest.Length} follow (and at most {MaxHeaderBytes} are allowed). The file may be cut off or of another format.");
        }

        SafeTensors content = new();
        List<Entry> entries = ParseHeader(rest[..(int)length], content.Metadata);
        ReadOnlySpan<byte> data = rest[(int)length..];
        long reached = 0;
        foreach (Entry entry in entries.OrderBy(e => e.Begin).ThenBy(e => e.End))
        {
            if (entry.Begin != reached)
            {
                throw new InvalidDataException(
                    $"Tensor '{entry.Name}' starts at byte {entry.Begin} of the data, but byte {reached} is the next one free; tensors may neither overlap nor leave a hole.");
            }
            if (entry.End > data.Length)
            {
                throw new InvalidDataException(
                    $"Tensor '{entry.Name}' ends at byte {entry.End}, but only {data.Length} bytes of data are there. The file may be cut off.");
            }
            reached = entry.End;
            byte[] bytes = data[(int)entry.Begin..(int)entry.End].ToArray();
            content.Tensors.Add(entry.Name, Tensor.OverBytes(entry.Type, entry.Shape, bytes));
        }
        if (reached != data.Length)
        {
            throw new InvalidDataException($"Its tensors end at byte {reached}, but {data.Length} bytes of data are there.");
        }
        return content;
    }

    private static List<Entry> ParseHeader(ReadOnlySpan<byte> header, SortedDictionary<string, string> metadata)
    {
        // A reader rather than a document: it meets a repeated name where a document would hide it.
        Utf8JsonReader json = new(header);
        List<Entry> entries = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        try
        {
            Expect(ref json, JsonTokenType.StartObject, "the header");
            while (NextName(ref json, out string name))
            {
                if (!names.Add(name))
                {
                    throw new InvalidDataException($"The header names '{name}' twice.");
                }
                if (name == MetadataName)
                {
                    ReadMetadata(ref json, metadata);
                }
                else
                {
                    entries.Add(ReadEntry(ref json, name));
                }
            }
            if (json.Read())
            {
                throw new InvalidDataException("The header goes on after its JSON object.");
            }
        }
        // InvalidOperationException is how the reader reports a string that is not valid UTF-8.
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"Its header is not valid JSON: {error.Message}", error);
        }
        return entries;
    }

    private static void ReadMetadata(ref Utf8JsonReader json, SortedDictionary<string, string> metadata)
    {
        Expect(ref json, JsonTokenType.StartObject, MetadataName);
        while (NextName(ref json, out string name))
        {
            Expect(ref json, JsonTokenType.String, $"metadata '{name}'");
            if (!metadata.TryAdd(name, json.GetString()!))
            {
                throw new InvalidDataException($"The metadata names '{name}' twice.");
            }
        }
    }

    private static Entry ReadEntry(ref Utf8JsonReader json, string name)
    {
        TensorType? type = null;
        long[]? shape = null, offsets = null;
        string what = $"tensor '{name}'";
        Expect(ref json, JsonTokenType.StartObject, what);
        while (NextName(ref json, out string field))
        {
            switch (field)
            {
                case "dtype" when type is null: type = ReadType(ref json, what); break;
                case "shape" when shape is null: shape = ReadNumbers(ref json, what); break;
                case "data_offsets" when offsets is null: offsets = ReadNumbers(ref json, what); break;
                default: throw new InvalidDataException($"The header of {what} has an unknown or repeated field '{field}'.");
            }
        }
        if (type is null || shape is null || offsets is null)
        {
            throw new InvalidDataException($"The header of {what} lacks dtype, shape or data_offsets.");
        }
        if (offsets.Length != 2 || offsets[1] < offsets[0])
        {
            throw new InvalidDataException(
                $"The data_offsets of {what} must be a begin and an end not before it, got [{string.Join(", ", offsets)}].");
        }

        Int128 bytes = Tensor.SizeOf(type.Value);
        foreach (long length in shape)
        {
            bytes = Int128.Min(bytes * length, long.MaxValue);
        }
        if (bytes != offsets[1] - offsets[0])
        {
            throw new InvalidDataException(
                $"The shape [{string.Join(", ", shape)}] of {what} needs {bytes} bytes as {type}, but its data_offsets span {offsets[1] - offsets[0]}.");
        }
        return new(name, type.Value, shape, offsets[0], offsets[1]);
    }

    private static TensorType ReadType(ref Utf8JsonReader json, string what)
    {
        Expect(ref json, JsonTokenType.String, what);
        return json.GetString() switch
        {
            "F64" => TensorType.F64,
            "I64" => TensorType.I64,
            "F32" => TensorType.F32,
            string other => throw new InvalidDataException($"The dtype of {what} is {other}; F64, I64 and F32 are supported."),
            null => throw new InvalidDataException($"The dtype of {what} is missing."),
        };
    }

    private static long[] ReadNumbers(ref Utf8JsonReader json, string what)
    {
        List<long> numbers = [];
        Expect(ref json, JsonTokenType.StartArray, what);
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out long number) || number < 0)
            {
                throw new InvalidDataException($"The header of {what} needs whole numbers of 0 or more in its shape and data_offsets.");
            }
            numbers.Add(number);
        }
        return [.. numbers];
    }

    private static bool NextName(ref Utf8JsonReader json, out string name)
    {
        if (!json.Read() || json.TokenType != JsonTokenType.PropertyName)
        {
            name = "";
            return false;
        }
        name = json.GetString()!;
        return true;
    }

    private static void Expect(ref Utf8JsonReader json, JsonTokenType expected, string what)
    {
        if (!json.Read() || json.TokenType != expected)
        {
            throw new InvalidDataException($"Its header has {json.TokenType} where {what} needs {expected}.");
        }
    }
}
