using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Configuration;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Heads;

/// <summary>What many streams show together: how much longer or shorter the gaps of all of them are than the model says, and which marks
/// all of them have more often. A stream that has shown nothing of its own yet has it from others.</summary>
/// <remarks>
/// The same estimates as a stream's slow offset and marks (<see cref="Adaptation"/>), over the events of all streams, with a longer
/// memory and far more caution: it takes evidence of e^20 before they count for half, since the events of one moment have much in
/// common that does not last. Rows hold nothing of it: they are the same with and without. One thread uses it at a time.
/// </remarks>
internal sealed unsafe class Population
{
    private const int Lanes = 16;

    private const float Prior = -20, Least = -1, Most = 28, MostRatio = 12;

    // In precisions of z: a thousand events' memory, and about as many before half of what they show is believed.
    private const float GapPrior = 667, MarkPrior = 40, Keep = 0.999f;

    private readonly int _marks, _components;
    private readonly float[] _logWeight, _mean, _deviation, _logDeviation;
    private readonly float[] _came, _expected;
    private float _precision, _pull, _evidence, _markEvidence;

    /// <param name="config">The model's.</param>
    /// <param name="head">Has the history-free mixture, at which the time head's outputs are anchored.</param>
    public Population(ModelConfig config, TimeHead head)
    {
        _marks = config.Marks.Count;
        _components = head.Components;
        _logWeight = Adaptation.ToFloats(head.AnchorLogWeight, x => x);
        _mean = Adaptation.ToFloats(head.AnchorMean, x => x);
        _deviation = Adaptation.ToFloats(head.AnchorDeviation, x => x);
        _logDeviation = Adaptation.ToFloats(head.AnchorDeviation, VectorMath.Log);
        _came = new float[Padded(_marks)];
        _expected = new float[Padded(_marks)];
    }

    /// <summary>What the streams have in common as of now.</summary>
    public SharedShift Shift
    {
        get
        {
            float[] logs = new float[_came.Length];
            var share = Vector512.Create(Share(_markEvidence));
            for (int i = 0; i < logs.Length; i += Lanes)
            {
                (share * LogRatio(i)).CopyTo(logs, i);
            }
            return new SharedShift(Applied, logs);
        }
    }

    private float Mean => _pull / (_precision + GapPrior);

    private float Applied => Share(_evidence) * Mean;

    /// <summary>Takes a gap into account.</summary>
    /// <param name="outputs">The time head's outputs before it, as trained. Shape [3k or more].</param>
    /// <param name="gap">The gap, no tie.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ObserveGap(float* outputs, in GapInterval gap)
    {
        int k = _components;
        float* logs = stackalloc float[5 * k], away = logs + 3 * k, inverse = away + k;
        Vector512<float> z = Vector512.Create((float)gap.Z), blur = Vector512.Create(gap.Blur), minusHalf = Vector512.Create(-0.5f);
        Vector512<float> least = Vector512.Create((float)TimeHead.MinLogDeviation);
        Vector512<float> most = Vector512.Create((float)TimeHead.MaxLogDeviation);
        Vector512<float> byMean = Vector512.Create(Mean), byApplied = Vector512.Create(Applied);
        Vector512<float> highest0 = Vector512.Create(float.MinValue), highest1 = highest0, highest2 = highest0;
        for (int i = 0; i < k; i += Lanes)
        {
            var logDeviation = Vector512.Create(_logDeviation, i) + Vector512.Load(outputs + 2 * k + i);
            var deviation = VectorMath.Exp(Vector512.Min(Vector512.Max(logDeviation, least), most));
            var root = Vector512<float>.One / Vector512.Sqrt(Vector512.FusedMultiplyAdd(deviation, deviation, blur));
            var logScale = Vector512.Create(_logWeight, i) + Vector512.Load(outputs + i) + VectorMath.Log(root);
            var shift = Vector512.Load(outputs + k + i);
            var from = z - Vector512.FusedMultiplyAdd(Vector512.Create(_deviation, i), shift, Vector512.Create(_mean, i));
            root.Store(inverse + i);
            from.Store(away + i);
            Vector512<float> x0 = from * root, x1 = (from - byMean) * root, x2 = (from - byApplied) * root;
            x0 = Vector512.FusedMultiplyAdd(minusHalf * x0, x0, logScale);
            x1 = Vector512.FusedMultiplyAdd(minusHalf * x1, x1, logScale);
            x2 = Vector512.FusedMultiplyAdd(minusHalf * x2, x2, logScale);
            x0.Store(logs + i);
            x1.Store(logs + k + i);
            x2.Store(logs + 2 * k + i);
            highest0 = Vector512.Max(highest0, x0);
            highest1 = Vector512.Max(highest1, x1);
            highest2 = Vector512.Max(highest2, x2);
        }
        float max0 = VectorMath.Max(highest0), max1 = VectorMath.Max(highest1), max2 = VectorMath.Max(highest2);
        Vector512<float> sum0 = Vector512<float>.Zero, sum1 = sum0, sum2 = sum0, precisions = sum0, pulls = sum0;
        for (int i = 0; i < k; i += Lanes)
        {
            sum0 += VectorMath.Exp(Vector512.Load(logs + i) - Vector512.Create(max0));
            sum1 += VectorMath.Exp(Vector512.Load(logs + k + i) - Vector512.Create(max1));
            var share = VectorMath.Exp(Vector512.Load(logs + 2 * k + i) - Vector512.Create(max2));
            var root = Vector512.Load(inverse + i);
            var precision = share * root * root;
            sum2 += share;
            precisions += precision;
            pulls = Vector512.FusedMultiplyAdd(precision, Vector512.Load(away + i), pulls);
        }
        float sum = VectorMath.Sum(sum2);
        AddEvidence(ref _evidence, max1 - max0 + Log(VectorMath.Sum(sum1) / VectorMath.Sum(sum0)));
        _precision = MathF.FusedMultiplyAdd(Keep, _precision, VectorMath.Sum(precisions) / sum);
        _pull = MathF.FusedMultiplyAdd(Keep, _pull, VectorMath.Sum(pulls) / sum);
    }

    /// <summary>Takes a mark into account.</summary>
    /// <param name="logits">Its logits before it, as trained. Shape [m, padded to 16].</param>
    /// <param name="mark">The mark that came, one that the model knows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ObserveMark(float* logits, int mark)
    {
        var lowest = Vector512.Create(float.MinValue);
        var highest = lowest;
        for (int i = 0; i < _marks; i += Lanes)
        {
            highest = Vector512.Max(highest, MarkScore.Masked(logits, i, _marks, lowest));
        }
        var max = Vector512.Create(VectorMath.Max(highest));
        Vector512<float> sums = Vector512<float>.Zero, moved = sums;
        for (int i = 0; i < _marks; i += Lanes)
        {
            var logit = MarkScore.Masked(logits, i, _marks, lowest) - max;
            sums += VectorMath.Exp(logit);
            moved += VectorMath.Exp(logit + LogRatio(i));
        }
        float sum = VectorMath.Sum(sums);
        AddEvidence(ref _markEvidence, LogRatio(mark / Lanes * Lanes)[mark % Lanes] - Log(VectorMath.Sum(moved) / sum));
        Vector512<float> keep = Vector512.Create(Keep), perSum = Vector512.Create(1 / sum);
        for (int i = 0; i < _marks; i += Lanes)
        {
            var likely = VectorMath.Exp(MarkScore.Masked(logits, i, _marks, lowest) - max) * perSum;
            Vector512.FusedMultiplyAdd(keep, Vector512.Create(_expected, i), likely).CopyTo(_expected, i);
            (keep * Vector512.Create(_came, i)).CopyTo(_came, i);
        }
        _came[mark] += 1;
    }

    private static int Padded(int marks) => (marks + Lanes - 1) / Lanes * Lanes;

    private static float Log(float x) => VectorMath.Log(Vector512.Create(x))[0];

    /// <summary>How much an estimate counts, by its evidence above where it began.</summary>
    private static float Share(float evidence)
    {
        float odds = VectorMath.Exp(Vector512.Create(evidence + Prior))[0];
        return odds / (1 + odds);
    }

    private static void AddEvidence(ref float evidence, float logRatio) =>
        evidence = Math.Clamp(evidence + Math.Clamp(logRatio, -MostRatio, MostRatio), Least, Most);

    /// <summary>ln of how often each of 16 marks came over how often it was expected.</summary>
    private Vector512<float> LogRatio(int first)
    {
        var prior = Vector512.Create(MarkPrior);
        return VectorMath.Log((Vector512.Create(_came, first) + prior) / (Vector512.Create(_expected, first) + prior));
    }
}
