using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Configuration;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Heads;

/// <summary>What one stream has shown of its own beside what the model says: how much longer or shorter its gaps are, and which marks
/// it has more often. It moves the forecast's log-normals along ln gap and the marks' logits, so every closed form stays one.</summary>
/// <remarks>
/// Floats, all 0 for a stream that has shown nothing:
/// [precision, pull] of the slow offset, the same of the fast one, [weight, sum] of the leap, the log evidence of the three and of the
/// marks, and the offset that follows from these; then for each mark how often it came, and for each how often it was expected, both
/// decayed. Shape [12 + 2m], or [12] above <see cref="MostMarks"/>.
/// Slow and fast offset are posterior means of normals with a prior around 0, from the components' responsibilities. Where a gap lies
/// far from all components, only the broadest answers for it, and says little; the leap is the plain mean of the last distances from the
/// forecast's mean. Evidence is the sum of log likelihood ratios against the forecast as trained, held within bounds as in Page's CUSUM
/// (Biometrika 41, 1954), so that a change is seen after a few events however long all was well. Decision 33 has the measurements.
/// Additions, multiplications and our own exp and log in a fixed order: the same bits on every processor (law 5).
/// </remarks>
internal sealed unsafe class Adaptation
{
    /// <summary>With more marks than so many a stream keeps no counts of them: they would take more than the rest of its row.</summary>
    public const int MostMarks = 64;

    private const int Lanes = 16, GapFloats = 12, Slow = 0, Fast = 2, Leap = 4, Evidence = 6, MarkEvidence = 9, OffsetPlace = 10;

    // A shift must have made the events e^3 times as likely before it counts for half. From the lower bound e^4 times suffices for
    // as much; from the upper one as many events as it takes to say e^8 times the contrary.
    private const float Prior = -3, Least = -4, Most = 8;

    // A leap is never small: what it has to say, it says within a few events, and noise must not pass for one.
    private const float LeapOdds = -5;

    // Of ln gap in its standard deviations over the training gaps: a small lasting offset, and a large one that follows quickly.
    private const float SlowPrior = 1 / 0.1f, FastPrior = 1, SlowKeep = 0.98f, FastKeep = 0.85f;
    private const float LeapWeight = 0.3f, LeapKeep = 0.8f;
    private const float MarkCount = 1, MarkKeep = 0.98f;

    // How much a stream has to show, in precisions of z and in marks, until what it shares with others counts for half.
    private const float SharedGaps = 400, SharedMarks = 200;

    // Evidence at which a share is 1 to the last bit.
    private const float NoDoubt = 30;

    private readonly int _marks, _padded, _components;
    private readonly float[] _logWeight, _mean, _deviation, _logDeviation, _inverseDeviation;

    /// <param name="config">The model's.</param>
    /// <param name="head">Has the history-free mixture, at which the time head's outputs are anchored.</param>
    public Adaptation(ModelConfig config, TimeHead head)
    {
        _marks = MarksOf(config);
        _padded = (_marks + Lanes - 1) / Lanes * Lanes;
        _components = head.Components;
        _logWeight = ToFloats(head.AnchorLogWeight, x => x);
        _mean = ToFloats(head.AnchorMean, x => x);
        _deviation = ToFloats(head.AnchorDeviation, x => x);
        _logDeviation = ToFloats(head.AnchorDeviation, VectorMath.Log);
        _inverseDeviation = ToFloats(head.AnchorDeviation, x => 1 / x);
    }

    /// <summary>Marks that a row keeps counts of; 0 where they are too many, or none.</summary>
    public int Marks => _marks;

    /// <summary>Floats that a row has for it; 0 where the model does not adapt.</summary>
    public static int FloatsOf(ModelConfig config) => config.Adapt ? GapFloats + 2 * MarksOf(config) : 0;

    /// <summary>How far a stream's ln gaps lie from what the model says, in standard deviations of the training gaps.</summary>
    /// <param name="state">The stream's floats.</param>
    public static float Offset(ReadOnlySpan<float> state) => state[OffsetPlace];

    /// <summary>What a stream has shown, as people may want to know it.</summary>
    /// <param name="state">The stream's floats.</param>
    /// <param name="logGapDeviation">Standard deviation of ln gap over the training gaps.</param>
    public static AdaptationReport Report(ReadOnlySpan<float> state, double logGapDeviation) =>
        new(Math.Exp(Offset(state) * logGapDeviation),
            Math.Max(Math.Max(state[Evidence], state[Evidence + 1]), state[Evidence + 2] + LeapOdds) + Prior, state[MarkEvidence] + Prior);

    /// <summary>Moves the forecast of a stream's next gap.</summary>
    /// <param name="state">The stream's floats.</param>
    /// <param name="outputs">The time head's outputs, as trained; changed. Shape [3k or more].</param>
    /// <param name="shared">What the stream has in common with others; null for nothing.</param>
    public void AdaptGap(float* state, float* outputs, SharedShift? shared = null)
    {
        var offset = Vector512.Create(Served(state, shared));
        for (int i = 0; i < _components; i += Lanes)
        {
            float* shift = outputs + _components + i;
            Vector512.FusedMultiplyAdd(offset, Vector512.Create(_inverseDeviation, i), Vector512.Load(shift)).Store(shift);
        }
    }

    /// <summary>Moves the logits of a stream's next mark.</summary>
    /// <param name="state">The stream's floats.</param>
    /// <param name="logits">As trained; changed. Shape [m, padded to 16].</param>
    /// <param name="shared">What the stream has in common with others; null for nothing.</param>
    public void AdaptMarks(float* state, float* logits, SharedShift? shared = null)
    {
        float* came = stackalloc float[4 * _padded], ratio = came + 2 * _padded, logRatio = ratio + _padded;
        LogRatios(state, came, came + _padded, ratio, logRatio);
        var factor = Vector512.Create(Share(state[MarkEvidence] + Prior));
        AddShared(logits, factor[0], came + _padded, shared);
        for (int i = 0; i < _marks; i += Lanes)
        {
            Vector512.FusedMultiplyAdd(factor, Vector512.Load(logRatio + i), Vector512.Load(logits + i)).Store(logits + i);
        }
    }

    /// <summary>Makes a copy of a stream's floats one from which <see cref="AdaptGap"/> and <see cref="AdaptMarks"/> make forecasts with
    /// what is shared in them.</summary>
    /// <param name="state">The copy; changed. It stands for forecasts alone.</param>
    /// <param name="shared">What the stream has in common with others.</param>
    public void Serve(Span<float> state, SharedShift shared)
    {
        fixed (float* s = state)
        {
            if (_marks > 0)
            {
                float* came = stackalloc float[5 * _padded], ratio = came + 2 * _padded;
                float* logRatio = ratio + _padded, moved = logRatio + _padded;
                LogRatios(s, came, came + _padded, ratio, logRatio);
                float share = Share(s[MarkEvidence] + Prior);
                for (int i = 0; i < _marks; i += Lanes)
                {
                    (share * Vector512.Load(logRatio + i)).Store(moved + i);
                }
                AddShared(moved, share, came + _padded, shared);
                for (int i = 0; i < _marks; i += Lanes)
                {
                    (MarkCount * (VectorMath.Exp(Vector512.Load(moved + i)) - Vector512<float>.One)).Store(moved + i);
                }
                // Counts whose ratio is the sum of both, and no doubt of them.
                new ReadOnlySpan<float>(moved, _marks).CopyTo(state[GapFloats..]);
                state.Slice(GapFloats + _marks, _marks).Clear();
                s[MarkEvidence] = NoDoubt;
            }
            s[OffsetPlace] = Served(s, shared);
        }
    }

    /// <summary>Moves the forecast of a stream's next gap, and takes the gap that came into account.</summary>
    /// <param name="state">The stream's floats; changed, whatever is shared.</param>
    /// <param name="outputs">The time head's outputs, as trained; changed. Shape [3k or more].</param>
    /// <param name="gap">The gap, no tie.</param>
    /// <param name="shared">What the stream has in common with others; null for nothing.</param>
    /// <remarks>A tick counts as a point with the deviation of a uniform number of its width: what is weighed here are shifts, and no
    /// shift is finer than a tick.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AdaptAndObserveGap(float* state, float* outputs, in GapInterval gap, SharedShift? shared = null)
    {
        int k = _components;
        float* inverse = stackalloc float[7 * k], away = inverse + k, logs = away + k;
        Vector512<float> z = Vector512.Create((float)gap.Z), blur = Vector512.Create(gap.Blur), minusHalf = Vector512.Create(-0.5f);
        Vector512<float> least = Vector512.Create((float)TimeHead.MinLogDeviation);
        Vector512<float> most = Vector512.Create((float)TimeHead.MaxLogDeviation);
        var bySlow = Vector512.Create(Mean(state + Slow, SlowPrior));
        var byFast = Vector512.Create(Mean(state + Fast, FastPrior));
        var byLeap = Vector512.Create(Mean(state + Leap, LeapWeight));
        Vector512<float> byAll = Vector512.Create(state[OffsetPlace]), served = Vector512.Create(Served(state, shared));
        Vector512<float> highest0 = Vector512.Create(float.MinValue), highest1 = highest0, highest2 = highest0, highest3 = highest0;
        Vector512<float> highest4 = highest0, weights = Vector512<float>.Zero, distances = weights;
        for (int i = 0; i < k; i += Lanes)
        {
            var logDeviation = Vector512.Create(_logDeviation, i) + Vector512.Load(outputs + 2 * k + i);
            var deviation = VectorMath.Exp(Vector512.Min(Vector512.Max(logDeviation, least), most));
            var root = Vector512<float>.One / Vector512.Sqrt(Vector512.FusedMultiplyAdd(deviation, deviation, blur));
            var logWeight = Vector512.Create(_logWeight, i) + Vector512.Load(outputs + i);
            var weight = VectorMath.Exp(logWeight);
            var logScale = logWeight + VectorMath.Log(root);
            var shift = Vector512.Load(outputs + k + i);
            var from = z - Vector512.FusedMultiplyAdd(Vector512.Create(_deviation, i), shift, Vector512.Create(_mean, i));
            root.Store(inverse + i);
            from.Store(away + i);
            weights += weight;
            distances = Vector512.FusedMultiplyAdd(weight, from, distances);
            Vector512<float> x0 = from * root, x1 = (from - bySlow) * root, x2 = (from - byFast) * root, x3 = (from - byLeap) * root;
            var x4 = (from - byAll) * root;
            x0 = Vector512.FusedMultiplyAdd(minusHalf * x0, x0, logScale);
            x1 = Vector512.FusedMultiplyAdd(minusHalf * x1, x1, logScale);
            x2 = Vector512.FusedMultiplyAdd(minusHalf * x2, x2, logScale);
            x3 = Vector512.FusedMultiplyAdd(minusHalf * x3, x3, logScale);
            x4 = Vector512.FusedMultiplyAdd(minusHalf * x4, x4, logScale);
            x0.Store(logs + i);
            x1.Store(logs + k + i);
            x2.Store(logs + 2 * k + i);
            x3.Store(logs + 3 * k + i);
            x4.Store(logs + 4 * k + i);
            highest0 = Vector512.Max(highest0, x0);
            highest1 = Vector512.Max(highest1, x1);
            highest2 = Vector512.Max(highest2, x2);
            highest3 = Vector512.Max(highest3, x3);
            highest4 = Vector512.Max(highest4, x4);
            Vector512.FusedMultiplyAdd(served, Vector512.Create(_inverseDeviation, i), shift).Store(outputs + k + i);
        }
        float max0 = VectorMath.Max(highest0), max1 = VectorMath.Max(highest1), max2 = VectorMath.Max(highest2);
        float max3 = VectorMath.Max(highest3), max4 = VectorMath.Max(highest4);
        Vector512<float> sum0 = Vector512<float>.Zero, sum1 = sum0, sum2 = sum0, sum3 = sum0, sum4 = sum0, precisions = sum0, pulls = sum0;
        for (int i = 0; i < k; i += Lanes)
        {
            sum0 += VectorMath.Exp(Vector512.Load(logs + i) - Vector512.Create(max0));
            sum1 += VectorMath.Exp(Vector512.Load(logs + k + i) - Vector512.Create(max1));
            sum2 += VectorMath.Exp(Vector512.Load(logs + 2 * k + i) - Vector512.Create(max2));
            sum3 += VectorMath.Exp(Vector512.Load(logs + 3 * k + i) - Vector512.Create(max3));
            var share = VectorMath.Exp(Vector512.Load(logs + 4 * k + i) - Vector512.Create(max4));
            var root = Vector512.Load(inverse + i);
            var precision = share * root * root;
            sum4 += share;
            precisions += precision;
            pulls = Vector512.FusedMultiplyAdd(precision, Vector512.Load(away + i), pulls);
        }
        float sum = VectorMath.Sum(sum4), newPrecision = VectorMath.Sum(precisions) / sum, newPull = VectorMath.Sum(pulls) / sum;
        var four = Vector256.Create(VectorMath.Sum(sum0), VectorMath.Sum(sum1), VectorMath.Sum(sum2), VectorMath.Sum(sum3), 1, 1, 1, 1);
        var log = VectorMath.Log(Vector512.Create(four));
        float trained = max0 + log[0];
        float* evidence = state + Evidence;
        Compete(evidence, max1 + log[1] - trained, max2 + log[2] - trained, max3 + log[3] - trained);
        Add(state + Slow, SlowKeep, newPrecision, newPull);
        Add(state + Fast, FastKeep, newPrecision, newPull);
        Add(state + Leap, LeapKeep, 1, VectorMath.Sum(distances) / VectorMath.Sum(weights));
        var logOdds = Vector256.Create(evidence[0] + Prior, evidence[1] + Prior, evidence[2] + (Prior + LeapOdds), 0, 0, 0, 0, 0);
        var odds = VectorMath.Exp(Vector512.Create(logOdds));
        float slow = Mean(state + Slow, SlowPrior), fast = Mean(state + Fast, FastPrior), leap = Mean(state + Leap, LeapWeight);
        state[OffsetPlace] = (odds[0] * slow + odds[1] * fast + odds[2] * leap) / (1 + odds[0] + odds[1] + odds[2]);
    }

    /// <summary>Moves the logits of a stream's next mark, and takes the mark that came into account.</summary>
    /// <param name="state">The stream's floats; changed.</param>
    /// <param name="logits">As trained; changed. Shape [m, padded to 16].</param>
    /// <param name="mark">The mark that came.</param>
    /// <param name="shared">What the stream has in common with others; null for nothing.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AdaptAndObserveMarks(float* state, float* logits, int mark, SharedShift? shared = null)
    {
        if (_marks == 0)
        {
            return;
        }
        float* came = stackalloc float[5 * _padded], expected = came + _padded, ratio = expected + _padded;
        float* logRatio = ratio + _padded, trained = logRatio + _padded;
        LogRatios(state, came, expected, ratio, logRatio);
        Vector512<float> lowest = Vector512.Create(float.MinValue), highest = lowest;
        for (int i = 0; i < _marks; i += Lanes)
        {
            Vector512<float> logit = MarkScore.Masked(logits, i, _marks, lowest);
            logit.Store(trained + i);
            highest = Vector512.Max(highest, logit);
        }
        float max = VectorMath.Max(highest);
        Vector512<float> sums = Vector512<float>.Zero, sumsOwn = sums;
        for (int i = 0; i < _marks; i += Lanes)
        {
            var likely = VectorMath.Exp(Vector512.Load(trained + i) - Vector512.Create(max));
            likely.Store(trained + i);
            sums += likely;
            sumsOwn = Vector512.FusedMultiplyAdd(likely, Vector512.Load(ratio + i), sumsOwn);
        }
        float sum = VectorMath.Sum(sums);
        var logs = VectorMath.Log(Vector512.Create(Vector256.Create(sum, VectorMath.Sum(sumsOwn), 1, 1, 1, 1, 1, 1)));
        float share = Share(state[MarkEvidence] + Prior);
        AddShared(logits, share, expected, shared);
        // The mark's own logit is in both likelihoods.
        AddEvidence(ref state[MarkEvidence], logRatio[mark] - logs[1] + logs[0]);
        Vector512<float> keep = Vector512.Create(MarkKeep), perSum = Vector512.Create(1 / sum), factor = Vector512.Create(share);
        for (int i = 0; i < _marks; i += Lanes)
        {
            (keep * Vector512.Load(came + i)).Store(came + i);
            Vector512.FusedMultiplyAdd(keep, Vector512.Load(expected + i), perSum * Vector512.Load(trained + i)).Store(expected + i);
            Vector512.FusedMultiplyAdd(factor, Vector512.Load(logRatio + i), Vector512.Load(logits + i)).Store(logits + i);
        }
        came[mark] += 1;
        new ReadOnlySpan<float>(came, _marks).CopyTo(new Span<float>(state + GapFloats, _marks));
        new ReadOnlySpan<float>(expected, _marks).CopyTo(new Span<float>(state + GapFloats + _marks, _marks));
    }

    /// <summary>The offset that a forecast has: the stream's own, and of the shared one what its own evidence leaves, the less the more
    /// it has shown.</summary>
    private static float Served(float* state, SharedShift? shared)
    {
        float own = state[OffsetPlace];
        if (shared is null || shared.Offset == 0)
        {
            return own;
        }
        float* evidence = state + Evidence;
        var logOdds = Vector256.Create(evidence[0] + Prior, evidence[1] + Prior, evidence[2] + (Prior + LeapOdds), 0, 0, 0, 0, 0);
        var odds = VectorMath.Exp(Vector512.Create(logOdds));
        return own + shared.Offset * (SharedGaps / (SharedGaps + state[Slow])) / (1 + odds[0] + odds[1] + odds[2]);
    }

    /// <summary>Moves logits by what marks are shared, likewise.</summary>
    /// <param name="share">How much the stream's own marks count.</param>
    /// <param name="expected">How often each of its marks was expected. Shape [m, padded to 16].</param>
    private void AddShared(float* logits, float share, float* expected, SharedShift? shared)
    {
        if (shared is null)
        {
            return;
        }
        var events = Vector512<float>.Zero;
        for (int i = 0; i < _marks; i += Lanes)
        {
            events += Vector512.Load(expected + i);
        }
        var factor = Vector512.Create((1 - share) * SharedMarks / (SharedMarks + VectorMath.Sum(events)));
        for (int i = 0; i < shared.MarkLogRatios.Length; i += Lanes)
        {
            Vector512.FusedMultiplyAdd(factor, Vector512.Create(shared.MarkLogRatios, i), Vector512.Load(logits + i)).Store(logits + i);
        }
    }

    /// <summary>Anchors as floats, each after a function.</summary>
    internal static float[] ToFloats(ReadOnlySpan<double> values, Func<double, double> map)
    {
        float[] floats = new float[values.Length];
        for (int i = 0; i < floats.Length; i++)
        {
            floats[i] = (float)map(values[i]);
        }
        return floats;
    }

    private static int MarksOf(ModelConfig config) => config.Marks.Count <= MostMarks ? config.Marks.Count : 0;

    /// <summary>How much an estimate counts, by its evidence.</summary>
    private static float Share(float logOdds)
    {
        float odds = VectorMath.Exp(Vector512.Create(logOdds))[0];
        return odds / (1 + odds);
    }

    /// <summary>What an estimate comes to: its decayed sums, and a prior around 0 of so much weight.</summary>
    private static float Mean(float* sums, float prior) => sums[1] / (sums[0] + prior);

    /// <summary>Adds to the decayed sums of an estimate.</summary>
    private static void Add(float* sums, float keep, float weight, float value)
    {
        sums[0] = MathF.FusedMultiplyAdd(keep, sums[0], weight);
        sums[1] = MathF.FusedMultiplyAdd(keep, sums[1], value);
    }

    /// <summary>Adds log likelihood ratios to the evidence of slow offset, fast offset and leap. Where the best reaches the upper bound,
    /// all go down by what is above it: two that are both better than the forecast as trained are still told apart.</summary>
    private static void Compete(float* evidence, float slow, float fast, float leap)
    {
        const float Range = Most - Least;
        float e0 = evidence[0] + Math.Clamp(slow, -Range, Range), e1 = evidence[1] + Math.Clamp(fast, -Range, Range);
        float e2 = evidence[2] + Math.Clamp(leap, -Range, Range);
        float above = Math.Max(0, Math.Max(Math.Max(e0, e1), e2 + LeapOdds) - (Most - Prior));
        evidence[0] = Math.Max(e0 - above, Least - Prior);
        evidence[1] = Math.Max(e1 - above, Least - Prior);
        evidence[2] = Math.Max(e2 - above, Least - Prior);
    }

    private static void AddEvidence(ref float evidence, float logRatio) =>
        evidence = Math.Clamp(evidence + Math.Clamp(logRatio, Least - Most, Most - Least), Least - Prior, Most - Prior);

    /// <summary>How often each mark came and was expected, (came + c) / (expected + c), and its logarithm; 1 and 0 behind the last.
    /// Shape of each [m, padded to 16].</summary>
    private void LogRatios(float* state, float* came, float* expected, float* ratio, float* logRatio)
    {
        new Span<float>(came + _marks, _padded - _marks).Clear();
        new Span<float>(expected + _marks, _padded - _marks).Clear();
        new ReadOnlySpan<float>(state + GapFloats, _marks).CopyTo(new Span<float>(came, _marks));
        new ReadOnlySpan<float>(state + GapFloats + _marks, _marks).CopyTo(new Span<float>(expected, _marks));
        var count = Vector512.Create(MarkCount);
        for (int i = 0; i < _padded; i += Lanes)
        {
            var times = (Vector512.Load(came + i) + count) / (Vector512.Load(expected + i) + count);
            times.Store(ratio + i);
            VectorMath.Log(times).Store(logRatio + i);
        }
    }
}
