using System.Numerics;
using System.Runtime.CompilerServices;
using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Stepping;

/// <summary>Scores events by the forecasts that stood before them, and has the rows' adaptation take them into account.</summary>
public sealed unsafe class EventScorer : IDisposable
{
    private const double UnknownMarkProbability = 1e-6;
    private const float LeastPValue = 1e-37f;

    private readonly ForecastModel _model;
    private readonly HeadKernel _heads;
    private readonly BaselineScorer _baseline;
    private readonly AlignedBuffer _basis;
    private readonly int _basisStride;
    private readonly AlignedBuffer _features;
    private readonly float[] _missing;

    /// <summary>A scorer with scratch space of its own; one thread uses it at a time.</summary>
    /// <param name="model">Model of the rows.</param>
    public EventScorer(ForecastModel model)
    {
        _model = model;
        _heads = new HeadKernel(model, RowTile.MaxRows);
        _baseline = new BaselineScorer(model);
        _basisStride = model.State.BasisStride;
        _basis = new AlignedBuffer((long)RowTile.MaxRows * _basisStride);
        _features = new AlignedBuffer((long)RowTile.MaxRows * GapFeatures.Stride);
        _missing = new float[RowTile.MaxRows * model.ValueCount];
        Array.Fill(_missing, float.NaN);
    }

    /// <summary>What the streams show together: forecasts are made of what it gave out, and it takes the events into account. Null where
    /// each stream is by itself.</summary>
    internal Population? Population { get; set; }

    /// <summary>Scores events from the bases that their rows had before them; a first event scores 0.</summary>
    /// <remarks>For a backend that steps elsewhere and keeps its rows' bases at hand.</remarks>
    /// <param name="inputs">Events, any number.</param>
    /// <param name="bases">Each event's (<see cref="IStateBackend.ReadBasis"/>). Shape [n, BasisFloats].</param>
    /// <param name="scores">Output. Shape [n].</param>
    /// <param name="values">As <see cref="IStateBackend.Score"/> takes them.</param>
    /// <exception cref="ArgumentException">Lengths disagree.</exception>
    public void Score(ReadOnlySpan<StepInput> inputs, ReadOnlySpan<float> bases, Span<StepScore> scores,
        ReadOnlySpan<float> values = default)
    {
        int d = _model.BasisFloats, v = _model.ValueCount;
        StepCheck.Values(_model, inputs.Length, values);
        if (bases.Length != inputs.Length * d || scores.Length != inputs.Length)
        {
            throw new ArgumentException($"{inputs.Length} events need {inputs.Length * d} floats of bases and as many scores, "
                + $"got {bases.Length} and {scores.Length}.");
        }
        for (int start = 0; start < inputs.Length; start += RowTile.MaxRows)
        {
            int n = Math.Min(RowTile.MaxRows, inputs.Length - start);
            for (int i = 0; i < n; i++)
            {
                bases.Slice((start + i) * d, d).CopyTo(_basis.Span[(i * _basisStride)..]);
            }
            ScoreTile(inputs.Slice(start, n), values.IsEmpty ? _missing.AsSpan(0, n * v) : values.Slice(start * v, n * v), null,
                scores.Slice(start, n));
        }
    }

    /// <summary>Scores at most <see cref="RowTile.MaxRows"/> events; a first event scores 0.</summary>
    /// <param name="values">Standardised, NaN for none. Shape [n, ValueCount].</param>
    /// <param name="adapt">Whether the rows' adaptation takes the events into account, too.</param>
    internal void Score(ReadOnlySpan<StepInput> inputs, ReadOnlySpan<float> values, float** rows, Span<StepScore> scores, bool adapt)
    {
        int d = _model.BasisFloats;
        for (int i = 0; i < inputs.Length; i++)
        {
            new ReadOnlySpan<float>(rows[i] + _model.MixerFloats, d).CopyTo(new Span<float>(_basis.Pointer + i * _basisStride, d));
        }
        ScoreTile(inputs, values, adapt ? rows : null, scores);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _heads.Dispose();
        _basis.Dispose();
        _features.Dispose();
    }

    /// <param name="rows">Rows whose adaptation takes the events into account; null for none.</param>
    private void ScoreTile(ReadOnlySpan<StepInput> inputs, ReadOnlySpan<float> values, float** rows, Span<StepScore> scores)
    {
        ModelConfig config = _model.Config;
        int n = inputs.Length, marks = config.Marks.Count;
        Span<GapInterval> gaps = stackalloc GapInterval[n];
        for (int i = 0; i < n; i++)
        {
            gaps[i] = GapInterval.Of(inputs[i].Gap, config);
            if (marks > 0 || _model.Values is not null)
            {
                GapFeatures.Write(gaps[i].Z, new Span<float>(_features.Pointer + i * GapFeatures.Stride, GapFeatures.Count));
            }
        }
        _heads.TimeAsTrained(_basis.Pointer, n);
        if (marks > 0)
        {
            _heads.MarksAsTrained(_basis.Pointer, _features.Pointer, n);
        }
        int v = _model.ValueCount;
        if (v > 0)
        {
            Span<int> came = stackalloc int[n];
            for (int i = 0; i < n; i++)
            {
                came[i] = inputs[i].Mark;
            }
            _heads.Values(_basis.Pointer, came, _features.Pointer);
        }
        for (int i = 0; i < n; i++)
        {
            float* observer = rows is null ? null : rows[i] + _model.MixerFloats + _model.Config.Width;
            scores[i] = inputs[i].Ordinal == 0 ? default : Score(i, inputs[i], gaps[i], values.Slice(i * v, v), observer);
        }
    }

    /// <param name="observer">Adaptation of the row, which takes the event into account; null for none.</param>
    private StepScore Score(int row, in StepInput input, in GapInterval gap, ReadOnlySpan<float> values, float* observer)
    {
        int k = _model.TimeHead.Components;
        double* logWeight = stackalloc double[3 * k], mean = logWeight + k, inverse = mean + k;
        if (_model.Adaptation is { } adaptation)
        {
            AdaptGap(adaptation, row, gap, observer);
        }
        _model.TimeHead.Decode(_heads.TimeOutputsPointer(row), logWeight, mean, inverse);
        var time = GapScore.Of(MixtureScore.Of(k, logWeight, mean, inverse, gap), gap, _heads.TieLogit(row), _model.Config);

        // Gaps on a clock grid and ties share a value; a random point within each one's share makes the transform uniform again.
        double share = time.Within > 0 ? HashedUniform(input.Ordinal, _basis.Pointer + row * _basisStride) : 0;
        double below = time.Below + share * time.Within, above = time.Above + (1 - share) * time.Within;
        double surprise = Math.Min(1, 2 * Math.Min(below, above));
        (double baselineTime, double baselineMark) = _baseline.Score(gap, input);
        double logTime = time.Log;
        if (_model.Config.Censored)
        {
            logTime += NeverHead.LogComing(_heads.NeverLogit(row));
        }
        var timeScore = new StepScore((float)logTime, 0, (float)baselineTime, (float)baselineMark, (float)below, 0, 0, false);
        int surprises = 1;
        for (int i = 0; i < values.Length; i++)
        {
            timeScore = _model.Values!.IsFact(i) ? timeScore : AddValue(timeScore, row, i, values[i], ref surprise, ref surprises);
        }
        if (_model.Config.Marks.Count == 0)
        {
            return timeScore with { PValue = Fisher(surprise, surprises) };
        }
        // Where training folded rare marks, an unknown one has a logit like any other: that of the last mark.
        bool isUnknown = input.Mark == _model.Config.Marks.Count;
        if (_model.Adaptation is { } markAdaptation)
        {
            AdaptMarks(markAdaptation, row, isUnknown ? -1 : input.Mark, observer);
        }
        var mark = MarkScore.Of(_heads.MarkLogitsPointer(row), _model.Config.Marks.Count, isUnknown ? 0 : input.Mark);
        return timeScore with
        {
            Mark = (float)(isUnknown ? ForecastModel.LogUnknownMark : mark.Log),
            PValue = Fisher(surprise * (isUnknown ? UnknownMarkProbability : mark.NoLikelier), surprises + 1),
            Confidence = 1 / mark.Sum,
            IsHit = mark.IsLikeliest && !isUnknown,
        };
    }

    /// <summary>Adds the score of one value, and how surprising it is.</summary>
    /// <param name="z">NaN where the event has none.</param>
    /// <param name="surprise">Product of the event's p-values so far.</param>
    /// <param name="surprises">How many they are.</param>
    private StepScore AddValue(StepScore score, int row, int value, float z, ref double surprise, ref int surprises)
    {
        float* outputs = _heads.ValueOutputsPointer(row);
        double log = TieHead.Log(outputs[ValueHead.PresenceAt(value)], !float.IsNaN(z));
        ValueBins bins = score.ValueBins;
        if (!float.IsNaN(z))
        {
            var own = _model.Values!.Own(_heads.ValueState(_basis.Pointer, row), value);
            var mixture = ValueScore.Of(_model.ValueMixtures[value], outputs + ValueHead.MixtureAt(value), z, own);
            log += mixture.Log;
            surprise *= Math.Min(1, 2 * Math.Min(mixture.Below, mixture.Above));
            surprises++;
            bins = bins.With(value, mixture.Below);
        }
        return score with
        {
            ValueBins = bins,
            Value = (float)(score.Value + log),
            BaselineValue = (float)(score.BaselineValue + ValueScore.Baseline(_model.Config.Values![value], z)),
        };
    }

    /// <summary>Makes the time outputs those of the adapted forecast, and has the row take the gap into account.</summary>
    private void AdaptGap(Adaptation adaptation, int row, in GapInterval gap, float* observer)
    {
        float* outputs = _heads.TimeOutputsPointer(row);
        if (!gap.IsTie)
        {
            Population?.ObserveGap(outputs, gap);
        }
        if (observer is not null && !gap.IsTie)
        {
            adaptation.AdaptAndObserveGap(observer, outputs, gap, Population?.Given);
        }
        else
        {
            adaptation.AdaptGap(AdaptationOf(row), outputs, Population?.Given);
        }
    }

    /// <summary>Makes the logits those of the adapted forecast, and has the row take the mark into account.</summary>
    /// <param name="mark">The mark that came; -1 for one that the model does not know.</param>
    private void AdaptMarks(Adaptation adaptation, int row, int mark, float* observer)
    {
        float* logits = _heads.MarkLogitsPointer(row);
        if (mark >= 0)
        {
            Population?.ObserveMark(logits, mark);
        }
        if (observer is not null && mark >= 0)
        {
            adaptation.AdaptAndObserveMarks(observer, logits, mark, Population?.Given);
        }
        else
        {
            adaptation.AdaptMarks(AdaptationOf(row), logits, Population?.Given);
        }
    }

    /// <summary>The row's adaptation as it was before the event.</summary>
    private float* AdaptationOf(int row) => _basis.Pointer + row * _basisStride + _model.Config.Width;

    /// <summary>P(the product of n independent uniform numbers is at most q): q times the first n terms of the series of exp(-ln q).
    /// Source: Fisher, Statistical Methods for Research Workers, 1932, section 21.1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Fisher(double q, int n)
    {
        q = Math.Max(q, 1e-300);
        double sum = 1, term = 1;
        for (int i = 1; i < n; i++)
        {
            term *= -VectorMath.Log(q) / i;
            sum += term;
        }
        return Math.Clamp((float)(q * sum), LeastPValue, 1);
    }

    /// <summary>A number in (0, 1) that looks uniform and says nothing about the gap: a hash of the event's ordinal and of the
    /// history before it.</summary>
    private static double HashedUniform(long ordinal, float* hidden)
    {
        ulong x = (ulong)ordinal * 0x9E3779B97F4A7C15;
        for (int i = 0; i < 4; i++)
        {
            x = (BitOperations.RotateLeft(x, 23) ^ BitConverter.SingleToUInt32Bits(hidden[i])) * 0xBF58476D1CE4E5B9;
        }
        x = (x ^ (x >> 31)) * 0x94D049BB133111EB;
        return ((x >> 12) + 0.5) * (1.0 / (1UL << 52));
    }
}
