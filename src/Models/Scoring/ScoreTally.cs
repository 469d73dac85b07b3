using Foretell.Models.Monitoring;

namespace Foretell.Models.Scoring;

/// <summary>Mean score of the predicted events before which their streams had a number of events, nats.</summary>
/// <param name="From">Least number of events before; the most is twice as many less one.</param>
/// <param name="Events">Events so predicted.</param>
/// <param name="NllTime">NLL of the inter-event times, density per time unit.</param>
/// <param name="NllMark">NLL of the marks; 0 without marks.</param>
public sealed record SeenScore(long From, long Events, double NllTime, double NllMark);

/// <summary>Adds up the scores of predicted events and open ends, whatever forecast them.</summary>
internal sealed class ScoreTally
{
    /// <summary>Doublings of the number of events before: enough for any array.</summary>
    private const int Doublings = 31;

    private readonly (long Events, double Time, double Mark)[] _seen = new (long, double, double)[Doublings];
    private readonly PitTally _pit = new();

    /// <summary>Events added.</summary>
    public long Events => _pit.Events;

    /// <summary>Summed log density of the gaps, nats per time unit.</summary>
    public double Time { get; private set; }

    /// <summary>Summed log probability of the marks.</summary>
    public double Mark { get; private set; }

    /// <summary>Events whose likeliest mark came.</summary>
    public long Hits { get; private set; }

    /// <summary>Open ends added.</summary>
    public int OpenEnds { get; private set; }

    /// <summary>Summed log probability of the silences up to the end of observation.</summary>
    public double OpenEnd { get; private set; }

    /// <summary>NLL of an open end, nats; null without any.</summary>
    public double? NllOpenEnd => OpenEnds == 0 ? null : -OpenEnd / OpenEnds;

    /// <summary>Adds one event.</summary>
    /// <param name="seen">Events that the stream had before, 1 or more.</param>
    /// <param name="time">Log density of the gap.</param>
    /// <param name="mark">Log probability of the mark.</param>
    /// <param name="pit">Ends between which the probability integral transform of the gap lies.</param>
    /// <param name="isHit">The likeliest mark came.</param>
    public void Add(int seen, double time, double mark, (double Below, double UpTo) pit, bool isHit)
    {
        Time += time;
        Mark += mark;
        Hits += isHit ? 1 : 0;
        _pit.Add(pit.Below, pit.UpTo);
        ref var bucket = ref _seen[int.Log2(seen)];
        bucket = (bucket.Events + 1, bucket.Time + time, bucket.Mark + mark);
    }

    /// <summary>Adds open ends.</summary>
    /// <param name="silence">Their summed log probability.</param>
    /// <param name="count">Their number.</param>
    public void AddOpenEnds(double silence, int count)
    {
        OpenEnd += silence;
        OpenEnds += count;
    }

    /// <summary>Adds what another one has.</summary>
    public void Add(ScoreTally other)
    {
        Time += other.Time;
        Mark += other.Mark;
        Hits += other.Hits;
        AddOpenEnds(other.OpenEnd, other.OpenEnds);
        _pit.Add(other._pit);
        for (int i = 0; i < Doublings; i++)
        {
            var (events, time, mark) = other._seen[i];
            _seen[i] = (_seen[i].Events + events, _seen[i].Time + time, _seen[i].Mark + mark);
        }
    }

    /// <summary>Kolmogorov-Smirnov distance of the probability integral transform from uniform.</summary>
    public double PitKs() => _pit.Distance();

    /// <summary>Events per hundredth of the transform. Shape [100].</summary>
    public long[] PitHistogram() => _pit.Histogram(Calibration.PitBins);

    /// <summary>Scores by events seen, where there are any.</summary>
    public SeenScore[] BySeen() =>
        [.. _seen.Select((s, i) => new SeenScore(1L << i, s.Events, -s.Time / s.Events, -s.Mark / s.Events)).Where(s => s.Events > 0)];
}
