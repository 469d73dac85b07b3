using System.Buffers.Binary;
using Foretell.Models.Configuration;
using Foretell.Models.Stepping;

namespace Foretell.Models.Monitoring;

/// <summary>Whether a model's probabilities come true: counts of where gaps and values fell in their forecasts, and of how often
/// the likeliest mark came.</summary>
/// <remarks>
/// Whole numbers only, so the order of events and the cutting into batches do not show, and counts of several shards add up
/// exactly. They grow for as long as the model advances the streams: two readings subtracted are the time in between.
/// Not safe for use by two threads at once.
/// </remarks>
public sealed class Calibration : IEquatable<Calibration>
{
    /// <summary>Bins of a histogram of the probability integral transform.</summary>
    public const int PitBins = ValueBins.Count;

    /// <summary>Bins of the likeliest mark's probability.</summary>
    public const int MarkBins = 20;

    /// <summary>Size of <see cref="ToBytes"/> while no value came.</summary>
    public const int Bytes = BeforeValues * sizeof(long);

    private const int BeforeValues = PitBins + 3 * MarkBins, ValueBytes = PitBins * sizeof(long);
    private const double One = 1 << 24;

    private static readonly long[] s_none = new long[PitBins];

    // Pit counts; then per mark bin the events, the summed probability in units of 2^-24, and the hits; then the pit counts of each
    // value, up to the last one that came.
    private long[] _counts = new long[BeforeValues];

    /// <summary>Scored gaps per bin of [0, 1]: equal bins if the model is right. Source: Dawid, JRSS A 147, 1984; Diebold,
    /// Gunther, Tay, International Economic Review 39, 1998.</summary>
    public ReadOnlySpan<long> Pit => _counts.AsSpan(0, PitBins);

    /// <summary>Scored events.</summary>
    public long Events => Sum(Pit);

    /// <summary>Largest distance between the transform's distribution and the uniform one, seen at the bins' edges; null before
    /// the first score.</summary>
    public double? PitKs => Distance(Pit);

    /// <summary>Scored events that had a value, per bin of [0, 1] as <see cref="Pit"/>.</summary>
    /// <param name="value">Index in the model's values.</param>
    public ReadOnlySpan<long> ValuePit(int value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        int at = BeforeValues + value * PitBins;
        return at < _counts.Length ? _counts.AsSpan(at, PitBins) : s_none;
    }

    /// <summary>The same of a value as <see cref="PitKs"/> of gaps; null before the first event that had it.</summary>
    /// <param name="value">Index in the model's values.</param>
    public double? ValuePitKs(int value) => Distance(ValuePit(value));

    /// <summary>One bin of the likeliest mark's probability.</summary>
    /// <param name="Events">Events whose forecast fell into it.</param>
    /// <param name="Predicted">Mean probability that their forecasts gave the likeliest mark; 0 without events.</param>
    /// <param name="Hits">Of these events, those in which that mark came.</param>
    public readonly record struct MarkBin(long Events, double Predicted, long Hits);

    /// <summary>A bin of the reliability of marks. Source: Guo, Pleiss, Sun, Weinberger, ICML 2017.</summary>
    public MarkBin Marks(int bin)
    {
        ReadOnlySpan<long> counts = _counts.AsSpan(PitBins + 3 * bin, 3);
        return new MarkBin(counts[0], counts[0] == 0 ? 0 : counts[1] / One / counts[0], counts[2]);
    }

    /// <summary>Takes the score of an event that is not its stream's first.</summary>
    public void Add(in StepScore score)
    {
        _counts[Math.Clamp((int)(score.Pit * PitBins), 0, PitBins - 1)]++;
        if (score.Confidence > 0)
        {
            int at = PitBins + 3 * Math.Clamp((int)(score.Confidence * MarkBins), 0, MarkBins - 1);
            _counts[at]++;
            _counts[at + 1] += (long)(score.Confidence * One);
            _counts[at + 2] += score.IsHit ? 1 : 0;
        }
        if (score.ValueBins != default)
        {
            AddValues(score.ValueBins);
        }
    }

    /// <summary>Adds the counts of another shard.</summary>
    public void Add(Calibration other)
    {
        Grow(other._counts.Length);
        for (int i = 0; i < other._counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }
    }

    /// <summary>A copy.</summary>
    public Calibration Copy() => new() { _counts = [.. _counts] };

    /// <summary>The counts, i64 each, little-endian (docs/formats.md).</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[_counts.Length * sizeof(long)];
        for (int i = 0; i < _counts.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * sizeof(long)), _counts[i]);
        }
        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote; no bytes are no counts.</summary>
    /// <exception cref="InvalidDataException">The length is another one, or a count is negative.</exception>
    public static Calibration FromBytes(ReadOnlySpan<byte> bytes)
    {
        var calibration = new Calibration();
        int values = (bytes.Length - Bytes) / ValueBytes;
        if (!bytes.IsEmpty && (bytes.Length != Bytes + values * ValueBytes || values is < 0 or > ModelLimits.Values))
        {
            throw new InvalidDataException($"The calibration has {bytes.Length} bytes; expected {Bytes}, and {ValueBytes} more for each of "
                + $"at most {ModelLimits.Values} values.");
        }
        calibration.Grow(bytes.Length / sizeof(long));
        for (int i = 0; i < bytes.Length / sizeof(long); i++)
        {
            if ((calibration._counts[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(i * sizeof(long))..])) < 0)
            {
                throw new InvalidDataException($"Count {i} (from 0) of the calibration is {calibration._counts[i]}; expected 0 or more.");
            }
        }
        return calibration;
    }

    /// <inheritdoc/>
    public bool Equals(Calibration? other) => other is not null && _counts.AsSpan().SequenceEqual(other._counts);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Calibration);

    /// <inheritdoc/>
    public override int GetHashCode() => Events.GetHashCode();

    private void AddValues(ValueBins bins)
    {
        for (int value = 0; value < ModelLimits.Values; value++)
        {
            if (bins[value] is { } bin)
            {
                int at = BeforeValues + value * PitBins;
                Grow(at + PitBins);
                _counts[at + bin]++;
            }
        }
    }

    private void Grow(int length)
    {
        if (length > _counts.Length)
        {
            Array.Resize(ref _counts, length);
        }
    }

    private static long Sum(ReadOnlySpan<long> pit)
    {
        long events = 0;
        foreach (long count in pit)
        {
            events += count;
        }
        return events;
    }

    private static double? Distance(ReadOnlySpan<long> pit)
    {
        long events = Sum(pit), below = 0;
        double distance = 0;
        for (int i = 0; i < PitBins; i++)
        {
            below += pit[i];
            distance = Math.Max(distance, Math.Abs((double)below / Math.Max(1, events) - (i + 1.0) / PitBins));
        }
        return events == 0 ? null : distance;
    }
}
