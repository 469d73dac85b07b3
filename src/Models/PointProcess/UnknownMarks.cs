using System.Text;
using Foretell.Models.Configuration;

namespace Foretell.Models.PointProcess;

/// <summary>Counts the events whose mark a model does not know, and keeps a few of these marks to show. An event without a mark is one of
/// them where the model has marks; a model without marks has none that it does not know.</summary>
/// <param name="vocabulary">The model's marks (<see cref="ModelConfig.Marks"/>).</param>
public sealed class UnknownMarks(IEnumerable<string> vocabulary)
{
    private const int MostExamples = 3;

    private readonly HashSet<string> _known = new(vocabulary, StringComparer.Ordinal);
    private readonly List<string> _examples = [];

    /// <summary>Events seen.</summary>
    public long Of { get; private set; }

    /// <summary>Those with an unknown mark.</summary>
    public long Events { get; private set; }

    /// <summary>The first few of their marks, each once; empty text stands for no mark.</summary>
    public IReadOnlyList<string> Examples => _examples;

    /// <summary>There are other marks than these.</summary>
    public bool HasMoreExamples { get; private set; }

    /// <summary>Those of sequences, behind their past.</summary>
    public static UnknownMarks In(IEnumerable<EventSequence> sequences, IEnumerable<string> vocabulary)
    {
        var unknown = new UnknownMarks(vocabulary);
        foreach (EventSequence sequence in sequences)
        {
            for (int t = sequence.Past; t < sequence.Times.Length; t++)
            {
                unknown.Add(sequence.Marks?[t] ?? "");
            }
        }
        return unknown;
    }

    /// <summary>Looks at an event's mark; empty where it has none.</summary>
    public void Add(string mark)
    {
        Of++;
        if (_known.Count > 0 && !_known.Contains(mark))
        {
            Count(mark);
        }
    }

    /// <summary>Looks at an event's mark.</summary>
    /// <param name="mark">UTF-8; empty where it has none.</param>
    public void Add(ReadOnlySpan<byte> mark)
    {
        Of++;
        if (_known.Count == 0)
        {
            return;
        }
        Span<char> text = stackalloc char[ModelLimits.MarkBytes];
        if (!Encoding.UTF8.TryGetChars(mark, text, out int length))
        {
            Count(Encoding.UTF8.GetString(mark));
        }
        else if (!_known.GetAlternateLookup<ReadOnlySpan<char>>().Contains(text[..length]))
        {
            Count(text[..length].ToString());
        }
    }

    private void Count(string mark)
    {
        Events++;
        if (_examples.Contains(mark))
        {
            return;
        }
        if (_examples.Count < MostExamples)
        {
            _examples.Add(mark);
        }
        else
        {
            HasMoreExamples = true;
        }
    }
}
