using Foretell.Models.Files;

namespace Foretell.Models.Weights;

/// <summary>The content of a safetensors file: named tensors and a map of strings. Python's safetensors opens what this writes.</summary>
/// <remarks>
/// Layout: header length as an unsigned 64-bit little-endian integer; that many bytes of JSON, padded with spaces to a
/// multiple of 8, holding for each tensor its type, shape and byte range, and strings under "__metadata__"; then the
/// tensors' bytes without gaps. Of the format's types F64, I64 and F32 are read and written.
/// Source: the format's description at github.com/huggingface/safetensors.
/// </remarks>
public sealed class SafeTensors
{
    /// <summary>Tensors by name.</summary>
    public SortedDictionary<string, Tensor> Tensors { get; } = new(StringComparer.Ordinal);

    /// <summary>Free strings by name.</summary>
    public SortedDictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or holds what this reader does not know; the message says
    /// what.</exception>
    public static SafeTensors Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        try
        {
            return SafeTensorsReader.Parse(file);
        }
        catch (InvalidDataException damage)
        {
            throw new InvalidDataException($"'{path}' is not a valid safetensors file. {damage.Message}", damage);
        }
    }

    /// <summary>Reads a file's bytes.</summary>
    /// <exception cref="InvalidDataException">As for <see cref="Read"/>.</exception>
    public static SafeTensors Parse(ReadOnlySpan<byte> file) => SafeTensorsReader.Parse(file);

    /// <summary>The file as bytes. The same content gives the same bytes.</summary>
    public byte[] ToBytes() => SafeTensorsWriter.ToBytes(this);

    /// <summary>Writes the file, whole or not at all: what stood at the path stays until the new file is safely on disk.</summary>
    public void Write(string path)
    {
        path = Path.GetFullPath(path);
#pragma warning disable RS0030 // Two that write at once, from whichever process, must not share a temporary file.
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
#pragma warning restore RS0030
        try
        {
            DurableNames.Write(path, ToBytes(), temporary);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
