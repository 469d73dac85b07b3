using Foretell.Engine.Events;

namespace Foretell.Ingest.Simulation;

/// <summary>One simulated stream. Its events depend on kind, seed and its own number, not on other streams.</summary>
public sealed class SimulatedStream
{
    private readonly SimulationKind _kind;
    private readonly GapProcess _process;
    private readonly MarkProcess _marks;
    private readonly double _typicalGap;
    private SplitMix64 _random;
    private long _ticks;
    private long _ordinal;
    private double _logStayed;

    internal SimulatedStream(SimulationKind kind, int number, long seed, DateTimeOffset start)
    {
        _kind = kind;
        Key = $"{kind.Prefix}-{number:D5}";
        _random = SplitMix64.ForStream(seed, number);
        // Streams differ in pace, most of them by less than a factor of two: their history says by how much.
        double scale = PortableMath.Exp(0.4 * _random.NextNormal());
        _typicalGap = kind.TypicalGap * scale;
        _process = kind.CreateGaps(scale, start.UtcDateTime.TimeOfDay.TotalSeconds, ref _random);
        _marks = kind.CreateMarks();
        _ticks = EventTime.FromDateTimeOffset(start);
    }

    /// <summary>Stream key.</summary>
    public string Key { get; }

    internal GapProcess Process => _process;

    /// <summary>Draws the next event; behind a stream's last one, what would have come if it had stayed.</summary>
    public SimulatedEvent Next()
    {
        bool isFirst = _ordinal == 0;
        double drawn = _process.Sample(ref _random);
        // The watching starts somewhere within a gap, not at its start.
        drawn *= isFirst ? _random.NextUniform() : 1;
        // What counts is the gap that the event's time shows, a whole number of ticks.
        long gapTicks = Math.Max(1, (long)Math.Round(drawn * EventTime.PerSecond));
        double gap = gapTicks / (double)EventTime.PerSecond;
        double logDensity = isFirst ? 0 : _logStayed + _process.LogDensity(gap);
        _process.Advance(gap);

        ReadOnlySpan<double> row = _marks.Row(gap / _typicalGap);
        int mark = _random.NextIndex(row);
        double logMark = isFirst ? 0 : PortableMath.Log(row[mark]);
        _marks.Advance(mark);
        _ticks += gapTicks;
        double never = _kind.Leaving?[mark] ?? 0;
        _logStayed = PortableMath.Log(1 - never);
        bool isLast = never > 0 && _random.NextUniform() < never;
        return new SimulatedEvent(Key, _ordinal++, _ticks, _kind.Marks[mark], logDensity, logMark, never, isLast);
    }
}
