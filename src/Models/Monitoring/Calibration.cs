using System.Buffers.Binary;
using Foretell.Models.Stepping;

namespace Foretell.Models.Monitoring;

/// <summary>Whether a model's probabilities come true: counts of where gaps fell in their forecasts, and of how often the
/// likeliest mark came.</summary>
/// <remarks>
/// Whole numbers only, so the order of events and the cutting into batches do not show, and counts of several shards add up
/// exactly. They grow for as long as the model advances the streams: two readings subtracted are the time in between.
/// Not safe for use by two threads at once.
/// </remarks>
public sealed class Calibration : IEquatable<Calibration>
{
    /// <summary>Bins of the histogram of the probability integral transform.</summary>
    public const int PitBins = 100;

    /// <summary>Bins of the likeliest mark's probability.</summary>
    public const int MarkBins = 20;

    /// <summary>Size of <see cref="ToBytes"/>.</summary>
    public const int Bytes = (PitBins + 3 * MarkBins) * sizeof(long);

    private const double One = 1 << 24;

    // Pit counts; then per mark bin the events, the summed probability in units of 2^-24, and the hits.
    private readonly long[] _counts = new long[PitBins + 3 * MarkBins];

    /// <summary>Scored gaps per bin of [0, 1]: equal bins if the model is right. Source: Dawid, JRSS A 147, 1984; Diebold,
    /// Gunther, Tay, International Economic Review 39, 1998.</summary>
    public ReadOnlySpan<long> Pit => _counts.AsSpan(0, PitBins);

    /// <summary>Scored events.</summary>
    public long Events
    {
        get
        {
            long events = 0;
            foreach (long count in Pit)
            {
                events += count;
            }
            return events;
        }
    }

    /// <summary>Largest distance between the transform's distribution and the uniform one, seen at the bins' edges; null before
    /// the first score.</summary>
    public double? PitKs
    {
        get
        {
            long events = Events, below = 0;
            double distance = 0;
            for (int i = 0; i < PitBins; i++)
            {
                below += _counts[i];
                distance = Math.Max(distance, Math.Abs((double)below / Math.Max(1, events) - (i + 1.0) / PitBins));
            }
            return events == 0 ? null : distance;
        }
    }

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
    }

    /// <summary>Adds the counts of another shard.</summary>
    public void Add(Calibration other)
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }
    }

    /// <summary>A copy.</summary>
    public Calibration Copy()
    {
        var copy = new Calibration();
        copy.Add(this);
        return copy;
    }

    /// <summary>The counts, i64 each, little-endian (docs/formats.md).</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Bytes];
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
        for (int i = 0; i < calibration._counts.Length && !bytes.IsEmpty; i++)
        {
            if (bytes.Length != Bytes || (calibration._counts[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(i * sizeof(long))..])) < 0)
            {
                throw new InvalidDataException(
                    $"The calibration has {bytes.Length} bytes or a negative count; expected {Bytes} bytes of counts.");
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
}
