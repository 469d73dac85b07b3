using System.Buffers;
using Parquet.Meta;
using ZstdSharp;

namespace Foretell.Ingest.Files;

/// <summary>How far a page of a Parquet file can unpack, and what its packed bytes say about that themselves: it is by these that the
/// library takes memory for some codecs.</summary>
internal static class ParquetCodec
{
    /// <summary>Most bytes that a codec can make of so many; a bit more than its format has room for.</summary>
    public static long MostUnpacked(CompressionCodec codec, long packed) => codec switch
    {
        CompressionCodec.UNCOMPRESSED => packed,
        // A copy of 64 bytes takes 3.
        CompressionCodec.SNAPPY => 64 + 32 * packed,
        CompressionCodec.LZ4 or CompressionCodec.LZ4_RAW => 64 + 255 * packed,
        CompressionCodec.GZIP => 64 + 1032 * packed,
        // A block of 128 KiB that repeats one byte takes 4.
        CompressionCodec.ZSTD => (128 << 10) + (32 << 10) * packed,
        _ => long.MaxValue,
    };

    /// <summary>Bytes that a page unpacks to by what its packed ones say; 0 where they do not.</summary>
    /// <param name="codec">What packed it.</param>
    /// <param name="file">Stands at the packed bytes, and does so again afterwards.</param>
    /// <param name="packed">How many there are.</param>
    /// <exception cref="InvalidDataException">They are not of that codec.</exception>
    public static long Unpacked(CompressionCodec codec, ParquetBytes file, long packed)
    {
        long begin = file.Position;
        long unpacked = packed == 0 ? 0 : codec switch
        {
            CompressionCodec.SNAPPY => ThriftShape.Unsigned(file, 32),
            CompressionCodec.ZSTD => Zstd(file, checked((int)packed)),
            _ => 0,
        };
        file.Position = begin;
        return unpacked;
    }

    private static long Zstd(ParquetBytes file, int packed)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(packed);
        try
        {
            file.ReadExactly(bytes, 0, packed);
            return checked((long)Decompressor.GetDecompressedSize(bytes.AsSpan(0, packed)));
        }
        catch (Exception e) when (e is ZstdException or OverflowException)
        {
            throw new InvalidDataException($"the page of {packed} bytes before byte {file.Position} is not zstd: {e.Message}", e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
