using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Inputs;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Training;

/// <summary>A sequence as the network reads it. All arrays have one entry an event.</summary>
internal sealed class EncodedSequence
{
    private readonly bool _everyEvent;

    /// <param name="sequence">The sequence; times non-decreasing.</param>
    /// <param name="config">Gap statistics and marks.</param>
    /// <param name="markIndex">Index of each known mark.</param>
    /// <param name="openEnd">Whether the silence behind the last event counts, where the sequence says how long it was.</param>
    /// <param name="everyEvent">Whether something is said behind the last event, too, although none follows.</param>
    public EncodedSequence(EventSequence sequence, ModelConfig config, IReadOnlyDictionary<string, int> markIndex, bool openEnd,
        bool everyEvent = false)
    {
        _everyEvent = everyEvent;
        int n = sequence.Times.Length;
        Marks = new int[n];
        Gaps = new float[n];
        Intervals = new GapInterval[n];
        bool marked = config.Marks.Count > 0, gapRead = marked || config.ForecastsValues;
        Features = gapRead ? new float[n * GapFeatures.Stride] : [];
        for (int t = 0; t < n; t++)
        {
            Marks[t] = marked && sequence.Marks is { } marks && markIndex.TryGetValue(marks[t], out int index) ? index : config.UnknownMark;
            double gap = t == 0 ? 0 : sequence.Times[t] - sequence.Times[t - 1];
            Gaps[t] = (float)gap;
            Intervals[t] = GapInterval.Of(gap, config);
            if (gapRead)
            {
                GapFeatures.Write(Intervals[t].Z, Features.AsSpan(t * GapFeatures.Stride, GapFeatures.Count));
            }
        }
        Values = config.ForecastsValues ? new EncodedValues(sequence, config.Values!) : null;
        Inputs =
        [
            .. Values is not null ? [Values.Features] : config.Values is { } scales ? [EncodeValues(sequence, scales)] : (float[][])[],
            .. config.Calendar ? [EncodeCalendar(sequence, config.TimeUnitSeconds)] : (float[][])[],
        ];
        Remaining = config.Remaining is null ? [] : Array.ConvertAll(sequence.Times, time => sequence.Times[^1] - time);
        Label = config.Labels is { } labels && sequence.Label is { } label ? IndexOf(labels, label) : -1;
        OpenEnd = openEnd && n > 0 && sequence.Until is { } until ? GapInterval.Beyond(until - sequence.Times[^1], config) : null;
    }

    /// <summary>A stretch of a regular series: each reading is an event, a step of the clock after the one before.</summary>
    public EncodedSequence(EncodedReadings readings, ModelConfig config) : this(readings.Count, readings.Features, config) =>
        Readings = readings;

    /// <summary>An episode, whose events are a step of the clock apart.</summary>
    public EncodedSequence(EncodedEpisode episode, ModelConfig config) : this(episode.Count, episode.Features, config) => Episode = episode;

    /// <summary>Events without marks, a step of the clock apart, of which one input is read.</summary>
    private EncodedSequence(int count, float[] features, ModelConfig config)
    {
        _everyEvent = true;
        Marks = new int[count];
        Array.Fill(Marks, config.UnknownMark);
        Gaps = new float[count];
        Array.Fill(Gaps, 1);
        Intervals = new GapInterval[count];
        (Features, Inputs, Remaining, Label) = ([], [features], [], -1);
    }

    /// <summary>Mark index; <see cref="ModelConfig.UnknownMark"/> for a mark outside the vocabulary.</summary>
    public int[] Marks { get; }

    /// <summary>Time since the previous event; 0 for the first.</summary>
    public float[] Gaps { get; }

    /// <summary>The gap as the time head scores it; meaningless for the first event.</summary>
    public GapInterval[] Intervals { get; }

    /// <summary>Gap features. Shape [n, 16]; empty where no head reads them.</summary>
    public float[] Features { get; }

    /// <summary>Features of what the network reads beside gaps and marks, one array an input, in the order of the layout's. Shape of each
    /// [n, stride of the input].</summary>
    public float[][] Inputs { get; }

    /// <summary>What there is of a stretch of a regular series; null for other sequences.</summary>
    public EncodedReadings? Readings { get; }

    /// <summary>Values of the events, where they are forecast; else null.</summary>
    public EncodedValues? Values { get; }

    /// <summary>What there is of an episode; null for other sequences.</summary>
    public EncodedEpisode? Episode { get; }

    /// <summary>Time to the last event, time units; empty where no head tells it.</summary>
    public double[] Remaining { get; }

    /// <summary>Index of the label; -1 where the model has none or nobody says.</summary>
    public int Label { get; }

    /// <summary>Events.</summary>
    public int Length => Marks.Length;

    /// <summary>The gaps that the silence behind the last event leaves; null where it does not count.</summary>
    public GapInterval? OpenEnd { get; }

    /// <summary>Events behind which something is said: all but the last, and the last where an open end or a label follows it.</summary>
    public int Rows => Length == 0 ? 0 : Length - (OpenEnd is null && !_everyEvent ? 1 : 0);

    private static int IndexOf(IReadOnlyList<string> labels, string label)
    {
        for (int i = 0; i < labels.Count; i++)
        {
            if (labels[i] == label)
            {
                return i;
            }
        }
        return -1;
    }

    private static float[] EncodeCalendar(EventSequence sequence, double unitSeconds)
    {
        int stride = FeatureInput.StrideOf(CalendarInput.Count);
        float[] features = new float[sequence.Times.Length * stride];
        for (int t = 0; t < sequence.Times.Length; t++)
        {
            CalendarInput.WriteFeatures(sequence.Times[t] * unitSeconds, features.AsSpan(t * stride, stride));
        }
        return features;
    }

    private static float[] EncodeValues(EventSequence sequence, IReadOnlyList<ValueScale> scales)
    {
        int stride = FeatureInput.StrideOf(ValueInput.CountOf(scales.Count, own: false));
        double[]?[] columns = [.. scales.Select(s => sequence.Values?.GetValueOrDefault(s.Name))];
        float[] features = new float[sequence.Times.Length * stride];
        Span<double> values = stackalloc double[scales.Count];
        for (int t = 0; t < sequence.Times.Length; t++)
        {
            for (int i = 0; i < columns.Length; i++)
            {
                values[i] = columns[i] is { } column ? column[t] : double.NaN;
            }
            ValueInput.WriteFeatures(scales, values, features.AsSpan(t * stride, stride));
        }
        return features;
    }
}
