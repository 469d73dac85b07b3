using System.Runtime.CompilerServices;
using Foretell.Engine.Log;
using Foretell.Ingest.Sinks;

namespace Foretell.Ingest.Tests.Sinks;

/// <summary>A feed of the numbers from 1, as long as a test says.</summary>
internal sealed class TestFeed : ISinkFeed
{
    private readonly SequenceSignal _end = new();

    public string Name => "numbers";

    /// <summary>Oldest number that is still held.</summary>
    public long First { get; set; } = 1;

    /// <summary>What happens before the reading stands.</summary>
    public Action OnRead { get; set; } = () => { };

    /// <summary>Lets the feed reach a number.</summary>
    public void Reach(long number) => _end.Publish(number);

    public async IAsyncEnumerable<SinkItem> ReadAsync(SinkPlace? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        OnRead();
        bool isKnown = after is null || after.Value.Feed == "f";
        long read = after is null ? _end.Value : isKnown ? after.Value.Number : 0;
        yield return new SinkItem(null, isKnown ? 0 : null, new SinkPlace("f", read));
        while (true)
        {
            await _end.WaitAsync(read + 1, cancellationToken);
            long next = Math.Max(read + 1, First);
            yield return new SinkItem(new SinkMessage($"n/{next}", "key", "text/plain", new byte[] { 1 }), isKnown ? next - read - 1 : 0,
                new SinkPlace("f", next));
            (read, isKnown) = (next, true);
        }
    }
}
