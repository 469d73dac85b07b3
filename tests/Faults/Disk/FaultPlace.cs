namespace Foretell.Faults.Disk;

/// <summary>Where on the disk a fault is drawn.</summary>
/// <param name="Path">The file; null elsewhere.</param>
/// <param name="Offset">First byte of a write; -1 for what concerns all of it.</param>
/// <param name="Length">Bytes of a write.</param>
internal readonly record struct FaultPlace(string? Path, long Offset, int Length)
{
    /// <inheritdoc/>
    public override string ToString() => Path is null ? "" : Offset < 0 ? $" ({System.IO.Path.GetFileName(Path)})"
        : $" ({System.IO.Path.GetFileName(Path)}, {Length} bytes at {Offset})";
}
