namespace Foretell.Engine.Log;

/// <summary>One partition of a source: of a broker that is read into the log.</summary>
/// <param name="Source">Name of the source, as the configuration gives it.</param>
/// <param name="Partition">The broker's own name of the partition.</param>
public readonly record struct SourcePartition(string Source, string Partition)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Source}/{Partition}";
}

/// <summary>Up to where the log holds a source's partition, and who may go on.</summary>
/// <param name="Epoch">Counts how often the partition was taken over; 0 when nobody has.</param>
/// <param name="Number">The broker's number of the last message that the log holds; null before the first.</param>
/// <param name="Identity">Which source that was, where brokers make one anew under its old name; empty before the first.</param>
public sealed record SourceState(long Epoch, long? Number, string Identity)
{
    /// <summary>Of a partition that nobody has read.</summary>
    public static readonly SourceState New = new(0, null, "");
}

/// <summary>How far an append reads a source's partition, written in the append's transaction.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Epoch">That the reader took the partition over with.</param>
/// <param name="After">What the log must hold: the number of the message before these; null for none.</param>
/// <param name="Number">Number of the last message of the append.</param>
/// <param name="Identity">As in <see cref="SourceState"/>.</param>
public sealed record SourceAdvance(SourcePartition Partition, long Epoch, long? After, long Number, string Identity);

/// <summary>A source's partition is another reader's by now, or ends elsewhere in the log than the reader thinks; nothing was
/// appended.</summary>
public sealed class SourceTakenException(SourceAdvance advance, SourceState held) : Exception(advance.Epoch != held.Epoch
    ? $"Partition {advance.Partition} has another reader, of epoch {held.Epoch}; this one has epoch {advance.Epoch} and appends no more."
    : $"Partition {advance.Partition} is in the log up to message {held.Number?.ToString() ?? "none"}, and this append goes on behind "
        + $"{advance.After?.ToString() ?? "none"}: take the partition again and go on where the log ends.");
