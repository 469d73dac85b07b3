namespace Foretell.Models;

/// <summary>One event to apply to one state row.</summary>
/// <param name="Row">Row in the slab.</param>
/// <param name="Mark">Index from <see cref="ForecastModel.MarkIndex"/>.</param>
/// <param name="Gap">Time since the stream's previous event, in the model's time unit, 0 or more. Ignored for a first event.</param>
/// <param name="Ordinal">How many events the stream had before this one; 0 marks the first.</param>
/// <param name="PreviousMark">Index of the mark before this one, for the Markov baseline's score; -1 when it is not known.</param>
public readonly record struct StepInput(int Row, int Mark, double Gap, long Ordinal, int PreviousMark = -1);

/// <summary>How the forecast that stood before an event scored it, in nats. All zero for a first event.</summary>
/// <param name="Time">Log density of the inter-event time, per model time unit; where training was censored times the probability that an event came at all.</param>
/// <param name="Mark">Log probability of the mark given the gap; 0 without marks.</param>
/// <param name="BaselineTime">The same under the history-free log-normal mixture.</param>
/// <param name="BaselineMark">The same under the Markov mark baseline.</param>
/// <param name="Pit">Probability integral transform of the gap, given that an event came: uniform on (0, 1) if the forecast is right. On a clock grid a point within the
/// tick's share of it, chosen by a hash.</param>
/// <param name="PValue">Surprise of the event: the probability of one at least as surprising in gap and mark (docs/models.md), 1e-37 or more.</param>
/// <param name="Confidence">Probability of the likeliest mark given the gap; 0 without marks.</param>
/// <param name="IsHit">Whether the likeliest mark came.</param>
/// <remarks>The same bits on every processor, as the row has: what is kept with the row is made of them (law 5).</remarks>
public readonly record struct StepScore(float Time, float Mark, float BaselineTime, float BaselineMark,
    float Pit, float PValue, float Confidence, bool IsHit);

/// <summary>
/// Where state rows live and where a batch of steps runs. One shard owns one backend and calls it from one
/// thread at a time.
/// </summary>
/// <remarks>
/// A row is <see cref="ForecastModel.StateFloats"/> floats: first the mixer state
/// (<see cref="ForecastModel.MixerFloats"/>), then the last hidden vector. Where the mixer's state grows
/// (<see cref="ForecastModel.Grows"/>) a tail follows, which belongs to the mixer state.
/// A row's value after a step depends on that row and its input alone: not on the batch, the thread or the
/// vector width (law 5).
/// </remarks>
public interface IStateBackend : IDisposable
{
    /// <summary>Rows that fit without growing.</summary>
    int Capacity { get; }

    /// <summary>Grows the slab to at least <paramref name="rows"/> rows; present rows keep their values, new rows are empty states.</summary>
    void EnsureCapacity(int rows);

    /// <summary>Floats of a row, with its tail.</summary>
    int RowFloats(int row);

    /// <summary>Copies a row out. Shape [RowFloats], or [StateFloats] for all but the tail.</summary>
    void Read(int row, Span<float> state);

    /// <summary>Copies a row's last hidden vector out: all that a forecast's closed forms need. Shape [d].</summary>
    void ReadHidden(int row, Span<float> hidden);

    /// <summary>Overwrites a row, with its tail.</summary>
    /// <exception cref="ArgumentException">The state's length is not that of a row with as many events.</exception>
    void Write(int row, ReadOnlySpan<float> state);

    /// <summary>Scores each event by the forecast that stood before it, then advances its row.</summary>
    /// <param name="inputs">Events of distinct rows, any number.</param>
    /// <param name="scores">Output, one per input, or empty when no score is wanted.</param>
    /// <exception cref="ArgumentException">A row or mark is out of range, a gap is negative or not finite, or lengths disagree.</exception>
    void Step(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores);
}
