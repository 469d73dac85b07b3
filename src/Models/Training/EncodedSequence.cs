using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Training;

/// <summary>A sequence as the network reads it. All arrays have one entry an event.</summary>
internal sealed class EncodedSequence
{
    /// <param name="sequence">The sequence; times non-decreasing.</param>
    /// <param name="config">Gap statistics and marks.</param>
    /// <param name="markIndex">Index of each known mark.</param>
    /// <param name="openEnd">Whether the silence behind the last event counts, where the sequence says how long it was.</param>
    public EncodedSequence(EventSequence sequence, ModelConfig config, IReadOnlyDictionary<string, int> markIndex, bool openEnd)
    {
        int n = sequence.Times.Length;
        Marks = new int[n];
        Gaps = new float[n];
        Intervals = new GapInterval[n];
        bool marked = config.Marks.Count > 0;
        Features = marked ? new float[n * GapFeatures.Stride] : [];
        for (int t = 0; t < n; t++)
        {
            Marks[t] = marked && sequence.Marks is { } marks && markIndex.TryGetValue(marks[t], out int index) ? index : config.UnknownMark;
            double gap = t == 0 ? 0 : sequence.Times[t] - sequence.Times[t - 1];
            Gaps[t] = (float)gap;
            Intervals[t] = GapInterval.Of(gap, config);
            if (marked)
            {
                GapFeatures.Write(Intervals[t].Z, Features.AsSpan(t * GapFeatures.Stride, GapFeatures.Count));
            }
        }
        OpenEnd = openEnd && n > 0 && sequence.Until is { } until ? GapInterval.Beyond(until - sequence.Times[^1], config) : null;
    }

    /// <summary>Mark index; <see cref="ModelConfig.UnknownMark"/> for a mark outside the vocabulary.</summary>
    public int[] Marks { get; }

    /// <summary>Time since the previous event; 0 for the first.</summary>
    public float[] Gaps { get; }

    /// <summary>The gap as the time head scores it; meaningless for the first event.</summary>
    public GapInterval[] Intervals { get; }

    /// <summary>Gap features. Shape [n, 16]; empty without marks.</summary>
    public float[] Features { get; }

    /// <summary>Events.</summary>
    public int Length => Marks.Length;

    /// <summary>The gaps that the silence behind the last event leaves; null where it does not count.</summary>
    public GapInterval? OpenEnd { get; }

    /// <summary>Forecasts that are scored: by each event but the first, and by the open end.</summary>
    public int Rows => Math.Max(0, Length - 1) + (OpenEnd is null ? 0 : 1);
}
