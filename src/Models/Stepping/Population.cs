using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Heads;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Stepping;

/// <summary>What many streams show together: how much longer or shorter the gaps of all of them are than the model says, and which marks
/// all of them have more often. A stream that has shown nothing of its own yet has it from others.</summary>
/// <remarks>
/// The same estimates as a stream's slow offset and marks (<see cref="Adaptation"/>), over the events of all streams, with a longer
/// memory and far more caution: it takes evidence of e^20 before they count for half, since the events of one moment have much in
/// common that does not last. Scores and forecasts are made of what was last given out (<see cref="GiveOut"/>), not of each event before
/// them. Rows hold nothing of it: they are the same with and without. One thread uses it at a time.
/// </remarks>
public sealed unsafe class Population
{
    /// <summary>Events after which what the streams have in common is worth giving out anew.</summary>
    public const int Every = 256;

    private const int Lanes = 16;

    private const float Prior = -20, Least = -1, Most = 28, MostRatio = 12;

    // In precisions of z: a thousand events' memory, and about as many before half of what they show is believed.
    private const float GapPrior = 667, MarkPrior = 40, Keep = 0.999f;

    private readonly ForecastModel _model;
    private readonly Adaptation _adaptation;
    private readonly int _marks, _components;
    private readonly float[] _logWeight, _mean, _deviation, _logDeviation;
    private readonly float[] _came, _expected;
    private float _precision, _pull, _evidence, _markEvidence;
    private int _seen;

    /// <summary>A population that has shown nothing.</summary>
    /// <param name="model">The streams' model.</param>
    /// <exception cref="ArgumentException">The model does not adapt.</exception>
    public Population(ForecastModel model)
    {
        TimeHead head = model.TimeHead;
        _model = model;
        _adaptation = model.Adaptation
            ?? throw new ArgumentException($"Model {model.Id} does not adapt, and streams can share only what adaptation tells.", nameof(model));
        _marks = _adaptation.Marks;
        _components = head.Components;
        _logWeight = Adaptation.ToFloats(head.AnchorLogWeight, x => x);
        _mean = Adaptation.ToFloats(head.AnchorMean, x => x);
        _deviation = Adaptation.ToFloats(head.AnchorDeviation, x => x);
        _logDeviation = Adaptation.ToFloats(head.AnchorDeviation, VectorMath.Log);
        _came = new float[Padded(_marks)];
        _expected = new float[Padded(_marks)];
        Given = new SharedShift(0, new float[Padded(_marks)]);
    }

    /// <summary>Whether enough events came since the last time to give out anew.</summary>
    public bool IsDue => _seen >= Every;

    /// <summary>What was given out last, of which scores and forecasts are made.</summary>
    internal SharedShift Given { get; private set; }

    /// <summary>Gives out what the streams have in common as of now.</summary>
    public void GiveOut()
    {
        float[] logs = new float[_came.Length];
        var share = Vector512.Create(Share(_markEvidence));
        for (int i = 0; i < logs.Length; i += Lanes)
        {
            (share * LogRatio(i)).CopyTo(logs, i);
        }
        (Given, _seen) = (new SharedShift(Applied, logs), 0);
    }

    /// <summary>Makes a copy of a stream's row one from which forecasts have what was given out, too. It is no row any more.</summary>
    /// <param name="state">The copy, its tail or not; changed. Shape [StateFloats or more].</param>
    public void Serve(Span<float> state) => ServeBasis(state.Slice(_model.MixerFloats, _model.BasisFloats));

    /// <summary>The same for a copy of a basis alone.</summary>
    /// <param name="basis">The copy; changed. Shape [BasisFloats].</param>
    public void ServeBasis(Span<float> basis) => _adaptation.Serve(basis[_model.Config.Width..], Given);

    /// <summary>All that it is, for <see cref="Parse"/> (docs/formats.md).</summary>
    public string ToText()
    {
        byte[] bytes = new byte[Bytes(_marks)];
        Span<byte> rest = bytes;
        Write(ref rest, _marks);
        Write(ref rest, _seen);
        foreach (float x in (ReadOnlySpan<float>)[_precision, _pull, _evidence, _markEvidence, Given.Offset])
        {
            Write(ref rest, BitConverter.SingleToInt32Bits(x));
        }
        foreach (float[] each in (ReadOnlySpan<float[]>)[_came, _expected, Given.MarkLogRatios])
        {
            for (int i = 0; i < _marks; i++)
            {
                Write(ref rest, BitConverter.SingleToInt32Bits(each[i]));
            }
        }
        Write(ref rest, (int)Crc(bytes));
        return Convert.ToBase64String(bytes);
    }

    /// <summary>Whether a text is as <see cref="ToText"/> made it, whatever the model: for those who keep it.</summary>
    public static bool IsWhole(string text)
    {
        byte[] bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out int length) && IsWhole(bytes.AsSpan(0, length));
    }

    /// <summary>The population that <see cref="ToText"/> told of.</summary>
    /// <param name="model">The streams' model.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="InvalidDataException">The text is damaged, or of a model with other marks.</exception>
    /// <exception cref="ArgumentException">The model does not adapt.</exception>
    public static Population Parse(ForecastModel model, string text)
    {
        var population = new Population(model);
        byte[] bytes = new byte[Bytes(population._marks)];
        if (!Convert.TryFromBase64String(text, bytes, out int length) || length != bytes.Length || !IsWhole(bytes))
        {
            throw new InvalidDataException("what its streams show together fails its checksum");
        }
        ReadOnlySpan<byte> rest = bytes;
        int marks = Read(ref rest);
        population._seen = Math.Max(0, Read(ref rest));
        population._precision = Number(ref rest);
        population._pull = Number(ref rest);
        population._evidence = Number(ref rest);
        population._markEvidence = Number(ref rest);
        float offset = Number(ref rest);
        foreach (float[] each in (ReadOnlySpan<float[]>)[population._came, population._expected, population.Given.MarkLogRatios])
        {
            for (int i = 0; i < population._marks; i++)
            {
                each[i] = Number(ref rest);
            }
        }
        population.Given = population.Given with { Offset = offset };
        return marks == population._marks ? population
            : throw new InvalidDataException($"what its streams show together is of {marks} marks, and the model has {population._marks}");
    }

    private float Mean => _pull / (_precision + GapPrior);

    private float Applied => Share(_evidence) * Mean;

    /// <summary>Takes a gap into account.</summary>
    /// <param name="outputs">The time head's outputs before it, as trained. Shape [3k or more].</param>
    /// <param name="gap">The gap, no tie.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void ObserveGap(float* outputs, in GapInterval gap)
    {
        _seen++;
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
    internal void ObserveMark(float* logits, int mark)
    {
        if (_marks == 0)
        {
            return;
        }
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

    /// <summary>Marks, events since it was given out, five numbers, three a mark, and the checksum of all before it.</summary>
    private static int Bytes(int marks) => (8 + 3 * marks) * sizeof(int);

    private static bool IsWhole(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= sizeof(uint) && BinaryPrimitives.ReadUInt32LittleEndian(bytes[^sizeof(uint)..]) == Crc(bytes);

    private static void Write(ref Span<byte> rest, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(rest, value);
        rest = rest[sizeof(int)..];
    }

    private static int Read(ref ReadOnlySpan<byte> rest)
    {
        int value = BinaryPrimitives.ReadInt32LittleEndian(rest);
        rest = rest[sizeof(int)..];
        return value;
    }

    private static float Number(ref ReadOnlySpan<byte> rest) => BitConverter.Int32BitsToSingle(Read(ref rest));

    /// <summary>CRC-32C of all bytes but the last four.</summary>
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes[..^sizeof(uint)])
        {
            crc = BitOperations.Crc32C(crc, b);
        }
        return ~crc;
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
