using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Foretell.Models.Weights;

/// <summary>Element types of a <see cref="Tensor"/>, named as the safetensors format names them.</summary>
public enum TensorType
{
    /// <summary>64-bit float.</summary>
    F64,
    /// <summary>64-bit signed integer.</summary>
    I64,
    /// <summary>32-bit float.</summary>
    F32,
}

/// <summary>A named array of numbers as it lies in a weights file: row-major, little-endian.</summary>
public sealed class Tensor
{
    private readonly byte[] _bytes;

    private Tensor(TensorType type, long[] shape, byte[] bytes)
    {
        Type = type;
        Shape = shape;
        _bytes = bytes;
    }

    /// <summary>Type of each element.</summary>
    public TensorType Type { get; }

    /// <summary>Length of each dimension; empty for a single number.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>The elements' bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>A tensor of 32-bit floats. Without a shape it has one dimension.</summary>
    /// <exception cref="ArgumentException">The shape's product is not the number of values.</exception>
    public static Tensor Of(ReadOnlySpan<float> values, params ReadOnlySpan<long> shape) => Pack(TensorType.F32, values, shape);

    /// <inheritdoc cref="Of(ReadOnlySpan{float}, ReadOnlySpan{long})"/>
    public static Tensor Of(ReadOnlySpan<double> values, params ReadOnlySpan<long> shape) => Pack(TensorType.F64, values, shape);

    /// <inheritdoc cref="Of(ReadOnlySpan{float}, ReadOnlySpan{long})"/>
    public static Tensor Of(ReadOnlySpan<long> values, params ReadOnlySpan<long> shape) => Pack(TensorType.I64, values, shape);

    /// <summary>A copy of the values.</summary>
    /// <exception cref="InvalidDataException">The tensor holds another type.</exception>
    public float[] ToFloats() => Unpack<float>(TensorType.F32);

    /// <inheritdoc cref="ToFloats"/>
    public double[] ToDoubles() => Unpack<double>(TensorType.F64);

    /// <inheritdoc cref="ToFloats"/>
    public long[] ToLongs() => Unpack<long>(TensorType.I64);

    /// <summary>A tensor over bytes read from a file; their number has been checked against the shape.</summary>
    internal static Tensor OverBytes(TensorType type, long[] shape, byte[] bytes) => new(type, shape, bytes);

    /// <summary>Bytes of one element.</summary>
    internal static int SizeOf(TensorType type) => type == TensorType.F32 ? 4 : 8;

    private static Tensor Pack<T>(TensorType type, ReadOnlySpan<T> values, ReadOnlySpan<long> shape) where T : unmanaged
    {
        long[] dimensions = shape.IsEmpty ? [values.Length] : shape.ToArray();
        long count = dimensions.Aggregate(1L, (product, length) => checked(product * length));
        if (count != values.Length || dimensions.Any(length => length < 0))
        {
            throw new ArgumentException(
                $"A tensor of shape [{string.Join(", ", dimensions)}] holds {count} values, got {values.Length}.", nameof(shape));
        }
        byte[] bytes = MemoryMarshal.AsBytes(values).ToArray();
        SwapOnBigEndian(type, bytes);
        return new(type, dimensions, bytes);
    }

    private T[] Unpack<T>(TensorType type) where T : unmanaged
    {
        if (type != Type)
        {
            throw new InvalidDataException($"The tensor holds {Type} values where {type} was expected.");
        }
        byte[] native = [.. _bytes];
        SwapOnBigEndian(type, native);
        return MemoryMarshal.Cast<byte, T>(native).ToArray();
    }

    private static void SwapOnBigEndian(TensorType type, Span<byte> bytes)
    {
        if (BitConverter.IsLittleEndian)
        {
            return;
        }
        if (SizeOf(type) == 4)
        {
            Span<int> words = MemoryMarshal.Cast<byte, int>(bytes);
            BinaryPrimitives.ReverseEndianness(words, words);
        }
        else
        {
            Span<long> words = MemoryMarshal.Cast<byte, long>(bytes);
            BinaryPrimitives.ReverseEndianness(words, words);
        }
    }
}
