using Foretell.Models.Monitoring;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Scoring;

/// <summary>Mean score of the predicted events before which their streams had a number of events, nats.</summary>
/// <param name="From">Least number of events before; the most is twice as many less one.</param>
/// <param name="Events">Events so predicted.</param>
/// <param name="NllTime">NLL of the inter-event times, density per time unit.</param>
/// <param name="NllMark">NLL of the marks; 0 without marks.</param>
public sealed record SeenScore(long From, long Events, double NllTime, double NllMark);

/// <summary>Adds up the scores of predicted events and open ends, whatever forecast them.</summary>
/// <param name="cell">Cell of the clock that the times were recorded by; 0 where they are continuous.</param>
internal sealed class ScoreTally(double cell)
{
    /// <summary>Doublings of the number of events before: enough for any array.</summary>
    private const int Doublings = 31;

    private readonly (long Events, double Time, double Mark)[] _seen = new (long, double, double)[Doublings];
    private readonly PitTally _pit = new();
    private readonly (double Events, double Confidence, double Hits)[] _confidence = new (double, double, double)[Calibration.MarkBins];
    private double _absolute, _crps, _inCell;

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
    /// <param name="gap">Its gap.</param>
    /// <param name="mark">Log probability of the mark.</param>
    /// <param name="confidence">Probability of the likeliest mark, before the gap is known; 0 without marks.</param>
    /// <param name="isHit">The likeliest mark came.</param>
    public void Add(int seen, in ScoredGap gap, double mark, double confidence, bool isHit)
    {
        Time += gap.LogDensity;
        Mark += mark;
        Hits += isHit ? 1 : 0;
        _pit.Add(gap.Below, gap.UpTo);
        _absolute += gap.AbsoluteError;
        _crps += gap.Crps;
        _inCell += gap.LogInCell;
        ref var bin = ref _confidence[Math.Clamp((int)(confidence * _confidence.Length), 0, _confidence.Length - 1)];
        bin = (bin.Events + 1, bin.Confidence + confidence, bin.Hits + (isHit ? 1 : 0));
        ref var bucket = ref _seen[int.Log2(seen)];
        bucket = (bucket.Events + 1, bucket.Time + gap.LogDensity, bucket.Mark + mark);
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
        _absolute += other._absolute;
        _crps += other._crps;
        _inCell += other._inCell;
        for (int i = 0; i < _confidence.Length; i++)
        {
            var (events, confidence, hits) = other._confidence[i];
            _confidence[i] = (_confidence[i].Events + events, _confidence[i].Confidence + confidence, _confidence[i].Hits + hits);
        }
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

    /// <summary>Errors of gaps and marks.</summary>
    /// <param name="isMarked">Whether events have marks.</param>
    public ForecastErrors Errors(bool isMarked) => new()
    {
        Mae = _absolute / Events,
        Crps = _crps / Events,
        Coverage50 = _pit.Coverage(0.5),
        Coverage80 = _pit.Coverage(0.8),
        Coverage95 = _pit.Coverage(0.95),
        MarkCalibration = isMarked ? _confidence.Sum(bin => Math.Abs(bin.Confidence - bin.Hits)) / Events : null,
        RecordingCell = cell > 0 ? cell : null,
        NllTimeInCell = cell > 0 ? -_inCell / Events : null,
    };

    /// <summary>Scores by events seen, where there are any.</summary>
    public SeenScore[] BySeen() =>
        [.. _seen.Select((s, i) => new SeenScore(1L << i, s.Events, -s.Time / s.Events, -s.Mark / s.Events)).Where(s => s.Events > 0)];
}
