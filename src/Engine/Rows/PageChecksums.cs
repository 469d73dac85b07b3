using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Foretell.Engine.Rows;

/// <summary>The checksums of a shard's pages, one by one and all together, without the model that could read their rows.</summary>
public sealed class PageChecksums
{
    private const int HeaderBytes = 16, NumberAt = 8;

    private readonly List<uint> _crcs = [];

    /// <summary>CRC-32C over the pages' checksums in their order, as <see cref="Store.ShardHeader.PagesCrc"/> has it.</summary>
    public uint Value => Of(_crcs);

    /// <summary>Takes the next page.</summary>
    /// <param name="page">Its bytes.</param>
    /// <param name="number">The number that it must have.</param>
    /// <returns>What is wrong with it, or null.</returns>
    public string? Add(ReadOnlySpan<byte> page, int number)
    {
        if (page.Length < HeaderBytes)
        {
            _crcs.Add(0);
            return $"page {number} has {page.Length} bytes";
        }
        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(page);
        _crcs.Add(crc);
        int found = BinaryPrimitives.ReadInt32LittleEndian(page[NumberAt..]);
        return crc != Crc32C.Compute(page[sizeof(uint)..]) ? $"page {number} fails its checksum"
            : found != number ? $"page {found} was found where page {number} was expected" : null;
    }

    /// <summary>The checksum over some.</summary>
    internal static uint Of(List<uint> crcs) => Crc32C.Compute(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(crcs)));
}
