using Foretell.FakeHub.Log;

namespace Foretell.FakeHub.Tests.Log;

public sealed class EventLogTests
{
    private readonly EventLog _log = new();

    [Fact]
    public void Append_WhenEventsAreOfAllSizes_KeepsEachApart()
    {
        byte[][] events = [.. new[] { 0, 1, 4095, 4096, 10, 3_000_000, 5 }.Select((size, i) => Filled(size, (byte)i))];
        for (int i = 0; i < events.Length; i++)
        {
            _log.Append(i, i, events[i]);
        }

        Assert.Equal(events, Enumerable.Range(0, _log.Count).Select(i => _log[i].Bytes.ToArray()));
        Assert.Equal(events.Sum(e => e.Length), _log.NextOffset);
    }

    [Theory]
    [InlineData(-5, 2)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    [InlineData(4, 8)]
    [InlineData(9, 9)]
    [InlineData(10, null)]
    public void Read_WhenNumbersHaveHoles_BeginsAtTheNextThatIsThere(long from, int? first)
    {
        foreach (long number in new long[] { 0, 1, 2, 3, 8, 9 })
        {
            _log.Append(number, 0, [1]);
        }
        _log.TrimBefore(2);
        var read = new StoredEvent[10];

        int count = _log.Read(from, read);

        Assert.Equal(first, count > 0 ? (int)read[0].SequenceNumber : null);
    }

    [Fact]
    public void RemoveLast_WhenAskedForMoreThanThereIs_RemovesAll()
    {
        _log.Append(7, 0, [1]);

        Assert.Equal(7, _log.RemoveLast(3));
        Assert.Null(_log.RemoveLast(1));
        Assert.Equal(0, _log.Count);
    }

    private static byte[] Filled(int size, byte value)
    {
        byte[] bytes = new byte[size];
        bytes.AsSpan().Fill(value);
        return bytes;
    }
}
