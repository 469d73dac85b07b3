using System.Collections.Immutable;

namespace Foretell.Cli.Demo;

/// <summary>Cuts a stream off for good every now and then, so that the demo has something to notice.</summary>
/// <remarks>Advanced by one thread; the set may be read by any.</remarks>
internal sealed class Unplugging(int seed)
{
    private const int Most = 8;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(15);

    private readonly Random _random = new(seed);
    private volatile ImmutableHashSet<string> _streams = [];
    private DateTimeOffset? _last;

    /// <summary>Streams that may be cut off.</summary>
    public List<string> Candidates { get; } = [];

    /// <summary>Streams cut off so far.</summary>
    public ImmutableHashSet<string> Streams => _streams;

    /// <summary>True for a stream whose events are no longer sent.</summary>
    public bool IsUnplugged(string stream) => _streams.Contains(stream);

    /// <summary>Cuts off another stream when it is time to.</summary>
    public void Advance(DateTimeOffset now)
    {
        if (_streams.Count < Most && Candidates.Count > 0 && (_last is null || now - _last >= s_interval))
        {
            _streams = _streams.Add(Candidates[_random.Next(Candidates.Count)]);
            _last = now;
        }
    }
}
