using Foretell.Models.Weights;

namespace Foretell.Models.PointProcess;

/// <summary>Marks predicted from the mark before alone, or from nothing: counts with additive smoothing.</summary>
/// <remarks>
/// Unigram: p(b) = (n_b + a) / (n + a (m + 1)). Markov: p(b | a') = (n_a'b + s p(b)) / (n_a' + s), so a mark with few
/// successors leans on the unigram. m + 1 marks, the last one the mark that training never saw.
/// Only the transitions that occurred are stored, row by row: 4,096 marks need no 16 million numbers.
/// </remarks>
public sealed class MarkovMarks
{
    /// <summary>Additive smoothing a of each mark's count.</summary>
    private const double MarkPrior = 0.5;

    /// <summary>Weight s of the unigram in each row, in events.</summary>
    private const double RowPrior = 2;

    private readonly long[] _rowStart, _column, _count, _rowTotal;
    private readonly double[] _unigram;

    private MarkovMarks(long[] rowStart, long[] column, long[] count, long[] markCount)
    {
        (_rowStart, _column, _count) = (rowStart, column, count);
        double total = markCount.Sum() + MarkPrior * markCount.Length;
        MarkCount = markCount;
        _unigram = Array.ConvertAll(markCount, marks => (marks + MarkPrior) / total);
        _rowTotal = new long[markCount.Length];
        for (int row = 0; row < _rowTotal.Length; row++)
        {
            for (long i = rowStart[row]; i < rowStart[row + 1]; i++)
            {
                _rowTotal[row] += count[i];
            }
        }
    }

    /// <summary>Number of marks, the unknown one included.</summary>
    public int Marks => _unigram.Length;

    private long[] MarkCount { get; }

    /// <summary>Counts the marks of predicted events and what came before each.</summary>
    /// <param name="marks">Number of known marks m.</param>
    /// <param name="previous">Mark of the event before each. 0 to m. Shape [n].</param>
    /// <param name="next">Mark of each predicted event. 0 to m. Shape [n].</param>
    /// <exception cref="ArgumentException">Lengths differ or a mark is out of range.</exception>
    public static MarkovMarks Fit(int marks, ReadOnlySpan<int> previous, ReadOnlySpan<int> next)
    {
        if (previous.Length != next.Length)
        {
            throw new ArgumentException($"Each mark needs the one before it, got {previous.Length} and {next.Length}.");
        }
        SortedDictionary<(int Row, int Column), long> transitions = [];
        long[] markCount = new long[marks + 1];
        for (int i = 0; i < next.Length; i++)
        {
            if ((uint)previous[i] > (uint)marks || (uint)next[i] > (uint)marks)
            {
                throw new ArgumentException($"Marks must be 0 to {marks}, got {next[i]} after {previous[i]} (event {i}).");
            }
            var transition = (previous[i], next[i]);
            transitions[transition] = transitions.GetValueOrDefault(transition) + 1;
            markCount[next[i]]++;
        }
        long[] rowStart = new long[marks + 2];
        foreach (var (row, _) in transitions.Keys)
        {
            rowStart[row + 1]++;
        }
        for (int row = 0; row <= marks; row++)
        {
            rowStart[row + 1] += rowStart[row];
        }
        return new(rowStart, [.. transitions.Keys.Select(t => (long)t.Column)], [.. transitions.Values], markCount);
    }

    /// <summary>ln p(mark).</summary>
    public double LogUnigram(int mark) => Math.Log(Unigram(mark));

    /// <summary>ln p(mark | previous mark).</summary>
    public double LogMarkov(int previous, int mark) => Math.Log(Markov(previous, mark));

    /// <summary>p(mark).</summary>
    public double Unigram(int mark) => _unigram[mark];

    /// <summary>p(mark | previous mark).</summary>
    public double Markov(int previous, int mark)
    {
        int start = (int)_rowStart[previous], length = (int)_rowStart[previous + 1] - start;
        int at = Array.BinarySearch(_column, start, length, (long)mark);
        double count = at >= 0 ? _count[at] : 0;
        return (count + RowPrior * _unigram[mark]) / (_rowTotal[previous] + RowPrior);
    }

    /// <summary>The counts, for a weights file.</summary>
    internal void Write(IDictionary<string, Tensor> tensors, string prefix)
    {
        tensors[prefix + "row_start"] = Tensor.Of(_rowStart);
        tensors[prefix + "column"] = Tensor.Of(_column);
        tensors[prefix + "count"] = Tensor.Of(_count);
        tensors[prefix + "mark_count"] = Tensor.Of(MarkCount);
    }

    /// <summary>What <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing or the counts do not fit together.</exception>
    internal static MarkovMarks Read(IReadOnlyDictionary<string, Tensor> tensors, string prefix, int marks)
    {
        long[] rowStart = Longs("row_start"), column = Longs("column"), count = Longs("count"), markCount = Longs("mark_count");
        bool fits = markCount.Length == marks + 1 && rowStart.Length == marks + 2 && column.Length == count.Length
            && rowStart[0] == 0 && rowStart[^1] == count.Length && column.All(mark => mark >= 0 && mark <= marks)
            && count.All(n => n > 0) && markCount.All(n => n >= 0);
        for (int row = 0; fits && row <= marks; row++)
        {
            fits = rowStart[row] <= rowStart[row + 1] && rowStart[row + 1] <= count.Length;
            for (long i = rowStart[row] + 1; fits && i < rowStart[row + 1]; i++)
            {
                fits = column[i - 1] < column[i];
            }
        }
        return fits
            ? new(rowStart, column, count, markCount)
            : throw new InvalidDataException($"The transition counts '{prefix}*' do not fit a model of {marks} marks.");

        long[] Longs(string name) => Baselines.Find(tensors, prefix + name).ToLongs();
    }
}
