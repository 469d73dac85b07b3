using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace Foretell.Models.Weights;

/// <summary>Lays out a safetensors file.</summary>
internal static class SafeTensorsWriter
{
    public static byte[] ToBytes(SafeTensors content)
    {
        // Wide types first: then every tensor starts at a multiple of its element's size, since the data does.
        KeyValuePair<string, Tensor>[] tensors = [.. content.Tensors.OrderByDescending(t => Tensor.SizeOf(t.Value.Type))];
        byte[] header = Header(content, tensors);
        int start = sizeof(ulong) + (header.Length + 7) / 8 * 8;
        byte[] file = new byte[checked(start + tensors.Sum(t => t.Value.Bytes.Length))];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)(start - sizeof(ulong)));
        file.AsSpan(sizeof(ulong), start - sizeof(ulong)).Fill((byte)' ');
        header.CopyTo(file.AsSpan(sizeof(ulong)));
        foreach (var (_, tensor) in tensors)
        {
            tensor.Bytes.CopyTo(file.AsSpan(start));
            start += tensor.Bytes.Length;
        }
        return file;
    }

    private static byte[] Header(SafeTensors content, KeyValuePair<string, Tensor>[] tensors)
    {
        ArrayBufferWriter<byte> buffer = new();
        using Utf8JsonWriter json = new(buffer);
        json.WriteStartObject();
        if (content.Metadata.Count > 0)
        {
            json.WriteStartObject(SafeTensorsReader.MetadataName);
            foreach (var (name, value) in content.Metadata)
            {
                json.WriteString(name, value);
            }
            json.WriteEndObject();
        }
        long offset = 0;
        foreach (var (name, tensor) in tensors)
        {
            if (name == SafeTensorsReader.MetadataName)
            {
                throw new ArgumentException($"The name '{name}' belongs to the format; name the tensor otherwise.");
            }
            json.WriteStartObject(name);
            json.WriteString("dtype", tensor.Type.ToString());
            json.WriteStartArray("shape");
            foreach (long length in tensor.Shape)
            {
                json.WriteNumberValue(length);
            }
            json.WriteEndArray();
            json.WriteStartArray("data_offsets");
            json.WriteNumberValue(offset);
            json.WriteNumberValue(offset += tensor.Bytes.Length);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
