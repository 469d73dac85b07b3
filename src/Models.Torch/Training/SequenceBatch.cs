using Foretell.Models.Heads;
using Foretell.Models.Training;

namespace Foretell.Models.Torch.Training;

/// <summary>A batch of sequences on a device. Rows lie one behind the other without padding, as on the CPU; attention sees
/// chunks.</summary>
internal sealed class SequenceBatch
{
    /// <param name="device">Where its tensors lie.</param>
    /// <param name="sequences">Sequences with a row or more each.</param>
    /// <param name="hasMarks">Whether the model tells marks apart.</param>
    /// <param name="chunk">Events of a chunk, 1 or more.</param>
    public SequenceBatch(TorchDevice device, IEnumerable<EncodedSequence> sequences, bool hasMarks, int chunk)
    {
        // Longest first: the sequences that reach a chunk are the first ones.
        Sequences = [.. sequences.OrderByDescending(s => s.Rows)];
        var firsts = new int[Sequences.Count];
        for (int s = 1; s < firsts.Length; s++)
        {
            firsts[s] = firsts[s - 1] + Sequences[s - 1].Rows;
        }
        (Firsts, Rows) = (firsts, firsts[^1] + Sequences[^1].Rows);
        var marks = new long[Rows];
        var factors = new float[2 * Rows];
        var features = new float[hasMarks ? Rows * GapFeatures.Count : 0];
        int row = 0;
        foreach (EncodedSequence s in Sequences)
        {
            for (int t = 0; t < s.Rows; t++, row++)
            {
                marks[row] = s.Marks[t];
                factors[2 * row + (t == 0 ? 1 : 0)] = t == 0 ? 1 : (float)s.Intervals[t].Z;
                // No mark follows an open end: its row's features stay 0.
                if (hasMarks && t + 1 < s.Length)
                {
                    s.Features.AsSpan((t + 1) * GapFeatures.Stride, GapFeatures.Count).CopyTo(features.AsSpan(row * GapFeatures.Count));
                }
            }
        }
        Marks = device.Upload<long>(marks, Rows);
        Factors = device.Upload<float>(factors, Rows, 2);
        Features = hasMarks ? device.Upload<float>(features, Rows, GapFeatures.Count) : null;
        (Chunks, Places) = Cut(device, chunk);
    }

    /// <summary>The sequences, in the order of their rows.</summary>
    public IReadOnlyList<EncodedSequence> Sequences { get; }

    /// <summary>Each sequence's first row.</summary>
    public IReadOnlyList<int> Firsts { get; }

    /// <summary>Rows n: one a scored forecast.</summary>
    public int Rows { get; }

    /// <summary>Mark of each row's event. Shape [n].</summary>
    public Tensor Marks { get; }

    /// <summary>How far each row takes the gap's vector and the first event's. Shape [n, 2].</summary>
    public Tensor Factors { get; }

    /// <summary>Features of the gap behind each row, or null without marks. Shape [n, 12].</summary>
    public Tensor? Features { get; }

    /// <summary>Stretches of all sequences, in the order of time.</summary>
    public IReadOnlyList<SequenceChunk> Chunks { get; }

    /// <summary>Where each row lies in the chunks, one chunk behind the other. Shape [n].</summary>
    public Tensor Places { get; }

    private (List<SequenceChunk>, Tensor) Cut(TorchDevice device, int size)
    {
        var chunks = new List<SequenceChunk>();
        var places = new long[Rows];
        long place = 0;
        double[] clocks = new double[Sequences.Count];
        for (int start = 0; start < Sequences[0].Rows; start += size)
        {
            int length = Math.Min(size, Sequences[0].Rows - start), active = Sequences.Count(s => s.Rows > start);
            var rows = new long[active * length];
            var times = new double[active * (length + 1)];
            for (int s = 0; s < active; s++)
            {
                times[s * (length + 1)] = clocks[s];
                for (int t = 0; t < length; t++, place++)
                {
                    // Behind a sequence's end the chunk repeats its first row, and nobody reads what comes of it.
                    bool isThere = start + t < Sequences[s].Rows;
                    int at = s * length + t;
                    rows[at] = isThere ? Firsts[s] + start + t : Firsts[s];
                    clocks[s] += isThere && start + t > 0 ? Sequences[s].Gaps[start + t] : 0;
                    times[s * (length + 1) + 1 + t] = clocks[s];
                    if (isThere)
                    {
                        places[Firsts[s] + start + t] = place;
                    }
                }
            }
            chunks.Add(new SequenceChunk(start, active, length, device.Upload<long>(rows, rows.Length),
                device.Upload<double>(times, active, length + 1)));
        }
        return (chunks, device.Upload<long>(places, Rows));
    }
}

/// <summary>One stretch of time of the sequences that reach it: s of them, l events each.</summary>
/// <param name="Start">Index of its first event in each sequence.</param>
/// <param name="Sequences">Sequences s: the first ones of the batch.</param>
/// <param name="Length">Events l.</param>
/// <param name="Rows">Their rows in the batch. Shape [s * l].</param>
/// <param name="Times">Time since the sequence's start of the event before the chunk (0 before the first), then of its own; double.
/// Shape [s, l + 1].</param>
internal sealed record SequenceChunk(int Start, int Sequences, int Length, Tensor Rows, Tensor Times);
