namespace Foretell.Engine.Events;

/// <summary>How far a set of partitions has come: sequence number by partition. Its text form is the API's position token.</summary>
/// <remarks>The token is "partition-sequence" pairs joined by "_" (for example "0-1042_3-77"): safe in a URL, opaque to callers.</remarks>
public sealed class Position
{
    private readonly (int Partition, long Sequence)[] _parts;

    /// <summary>The position that includes nothing; every platform has always reached it.</summary>
    public static readonly Position None = new([]);

    /// <param name="parts">Sequence numbers by partition, each partition once.</param>
    public Position(IReadOnlyCollection<(int Partition, long Sequence)> parts) =>
        _parts = [.. parts.OrderBy(p => p.Partition)];

    /// <summary>Sequence numbers by partition, in partition order.</summary>
    public IReadOnlyList<(int Partition, long Sequence)> Parts => _parts;

    /// <inheritdoc/>
    public override string ToString() => string.Join('_', _parts.Select(p => $"{p.Partition}-{p.Sequence}"));

    /// <summary>Reads a token.</summary>
    /// <returns>False when the text is no position token.</returns>
    public static bool TryParse(string? text, out Position position)
    {
        position = None;
        if (text is null)
        {
            return false;
        }
        if (text.Length == 0)
        {
            return true;
        }
        var parts = new Dictionary<int, long>();
        foreach (string piece in text.Split('_'))
        {
            string[] pair = piece.Split('-');
            if (pair.Length != 2 || !int.TryParse(pair[0], out int partition) || !long.TryParse(pair[1], out long sequence)
                || partition < 0 || sequence < 0 || !parts.TryAdd(partition, sequence))
            {
                return false;
            }
        }
        position = new Position([.. parts.Select(p => (p.Key, p.Value))]);
        return true;
    }
}
