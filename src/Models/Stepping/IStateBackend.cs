using Foretell.Models.Configuration;
using Foretell.Models.Mixers;
using Foretell.Models.Network;

namespace Foretell.Models.Stepping;

/// <summary>
/// Where state rows live and where a batch of steps runs. One shard owns one backend and calls it from one
/// thread at a time.
/// </summary>
/// <remarks>
/// A row is <see cref="ForecastModel.StateFloats"/> floats: first the mixer state
/// (<see cref="ForecastModel.MixerFloats"/>), then the last hidden vector, then where the model adapts what the stream has shown of its
/// own. Where the mixer's state grows
/// (<see cref="ForecastModel.Grows"/>) a tail follows, which belongs to the mixer state.
/// A row's value after a step depends on that row and its input alone: not on the batch, the thread or the
/// vector width (law 5).
/// </remarks>
public interface IStateBackend : IDisposable
{
    /// <summary>Rows that fit without growing.</summary>
    int Capacity { get; }

    /// <summary>Grows the slab to at least <paramref name="rows"/> rows; present rows keep their values, new rows are empty
    /// states.</summary>
    void EnsureCapacity(int rows);

    /// <summary>What the streams of these rows show together: scores are made of what it gave out, and steps add to it. No row depends on
    /// it. Null where each stream is by itself.</summary>
    Population? Population { get; set; }

    /// <summary>Floats of a row, with its tail.</summary>
    int RowFloats(int row);

    /// <summary>Copies a row out. Shape [RowFloats], or [StateFloats] for all but the tail.</summary>
    void Read(int row, Span<float> state);

    /// <summary>Copies out all of a row that a forecast's closed forms need: last hidden vector, then adaptation. Shape
    /// [BasisFloats].</summary>
    void ReadBasis(int row, Span<float> basis);

    /// <summary>Overwrites a row, with its tail.</summary>
    /// <exception cref="ArgumentException">The state's length is not that of a row with as many events.</exception>
    void Write(int row, ReadOnlySpan<float> state);

    /// <summary>Scores each event by the forecast that stands before it, from its row's basis. Changes nothing.</summary>
    /// <param name="inputs">Events of distinct rows, any number.</param>
    /// <param name="scores">Output, one per input.</param>
    /// <param name="values">Standardised values of the events (<see cref="ValueScale.Standardise"/>), NaN for none; empty where no event
    /// has any. Shape [n, ValueCount].</param>
    /// <exception cref="ArgumentException">A row or mark is out of range, a gap is negative or not finite, or lengths disagree.</exception>
    void Score(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores, ReadOnlySpan<float> values = default);

    /// <summary>Advances each event's row.</summary>
    /// <param name="inputs">Events of distinct rows, any number.</param>
    /// <param name="values">As for <see cref="Score"/>.</param>
    /// <exception cref="ArgumentException">A row or mark is out of range, or a gap is negative or not finite.</exception>
    void Step(ReadOnlySpan<StepInput> inputs, ReadOnlySpan<float> values = default);

    /// <summary>Both, one after the other; a backend may do them in one pass over the rows.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Score"/>.</exception>
    void ScoreAndStep(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores, ReadOnlySpan<float> values = default)
    {
        Score(inputs, scores, values);
        Step(inputs, values);
    }
}
