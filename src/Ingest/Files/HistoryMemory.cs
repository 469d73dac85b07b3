using System.Globalization;

namespace Foretell.Ingest.Files;

/// <summary>Counts what is kept of a file that has to be in memory as a whole, and stops before the memory does: a pipe need not
/// end.</summary>
internal sealed class HistoryMemory(string name)
{
    // While histories are grouped and sorted: time and mark twice, in lists that double; a stream's lists, key and its place.
    private const long BytesAnEvent = 64, BytesAStream = 512;

    // A number of an event: in a list that doubles, and sorted.
    private const long BytesAValue = 24;

    private readonly long _most = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;
    private long _events;
    private long _streams;
    private long _values;

    /// <exception cref="EventFileException">There is more than half of the machine's memory holds.</exception>
    public void Add(long events, long streams, long values = 0)
    {
        _events += events;
        _streams += streams;
        _values += values;
        if (_events * BytesAnEvent + _streams * BytesAStream + _values * BytesAValue > _most)
        {
            throw new EventFileException(name, 0, string.Create(CultureInfo.InvariantCulture,
                $"It holds more events than fit in memory: {_events:N0} in {_streams:N0} streams{(_values == 0 ? "" : $", with {_values:N0} values,")} so far, and no end. Take fewer streams, or a machine with more memory."));
        }
    }
}
