namespace Foretell.Models.Stepping;

/// <summary>How the forecast that stood before an event scored it, in nats. All zero for a first event.</summary>
/// <param name="Time">Log density of the inter-event time, per model time unit; where training was censored times the probability
/// that an event came at all.</param>
/// <param name="Mark">Log probability of the mark given the gap; 0 without marks.</param>
/// <param name="BaselineTime">The same under the history-free log-normal mixture.</param>
/// <param name="BaselineMark">The same under the Markov mark baseline.</param>
/// <param name="Pit">Probability integral transform of the gap, given that an event came: uniform on (0, 1) if the forecast is
/// right. On a clock grid a point within the tick's share of it, chosen by a hash.</param>
/// <param name="PValue">Surprise of the event: the probability of one at least as surprising in gap, mark and values (docs/models.md),
/// 1e-37 or more.</param>
/// <param name="Confidence">Probability of the likeliest mark given the gap; 0 without marks.</param>
/// <param name="IsHit">Whether the likeliest mark came.</param>
/// <remarks>The same bits on every processor, as the row has: what is kept with the row is made of them (law 5).</remarks>
public readonly record struct StepScore(float Time, float Mark, float BaselineTime, float BaselineMark,
    float Pit, float PValue, float Confidence, bool IsHit)
{
    /// <summary>Log-likelihood of the values given gap and mark: which were there, and the density of each in deviations of training; 0
    /// where they are not forecast.</summary>
    public float Value { get; init; }

    /// <summary>The same by training alone, without history.</summary>
    public float BaselineValue { get; init; }

    /// <summary>Where each value that the event has fell in its forecast.</summary>
    public ValueBins ValueBins { get; init; }
}
