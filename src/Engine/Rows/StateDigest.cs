using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Foretell.Models.Network;

namespace Foretell.Engine.Rows;

/// <summary>SHA-256 over what a stream's state means: model id (UTF-8), count i64, last event time i64, mixer floats, where
/// the state grows its tail, where the model adapts the stream's adaptation, and what it has shown of its values; little-endian.</summary>
/// <remarks>No sequence numbers: the digest is the same in whichever order streams share a log (law 5).</remarks>
public static class StateDigest
{
    /// <summary>Digest of one row, with its tail.</summary>
    public static byte[] Compute(ForecastModel model, long count, long lastEventTicks, ReadOnlySpan<float> state)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(Encoding.UTF8.GetBytes(model.Id));
        Span<byte> numbers = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(numbers, count);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[8..], lastEventTicks);
        sha.AppendData(numbers);
        sha.AppendData(MemoryMarshal.AsBytes(state[..model.MixerFloats]));
        sha.AppendData(MemoryMarshal.AsBytes(state[model.StateFloats..]));
        sha.AppendData(MemoryMarshal.AsBytes(state[(model.MixerFloats + model.Config.Width)..model.StateFloats]));
        return sha.GetHashAndReset();
    }
}
