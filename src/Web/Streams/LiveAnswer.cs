using Foretell.Models.Monitoring;

namespace Foretell.Web.Streams;

/// <summary>How well the forecasts of one stream have done, from one event to the next.</summary>
/// <param name="Nll">Negative log-likelihood of gap, mark and values, nats an event: the mean of the first 72 scores, then with a half-life of 50 events.</param>
/// <param name="BaselineNll">The same under the history-free baseline. What lies between the two is what the history was worth.</param>
/// <param name="Events">Scored events, 65,535 when there are more.</param>
/// <param name="LastEventPValue">Surprise of the last event: the probability of one at least as surprising.</param>
/// <param name="Drift">Whether its likelihood has changed for good.</param>
public sealed record LiveAnswer(double Nll, double BaselineNll, int Events, double LastEventPValue, DriftAnswer Drift)
{
    internal static LiveAnswer? Of(in LiveScores scores) => scores.Events == 0 ? null
        : new LiveAnswer(scores.Nll, scores.BaselineNll, scores.Events, scores.LastPValue,
            new DriftAnswer(scores.DriftAlarms, scores.EventsSinceDrift));
}

/// <summary>Lasting changes that were found in a stream.</summary>
/// <param name="Alarms">How many, 65,535 when more.</param>
/// <param name="EventsSinceLast">Scored events since the last one; null when there was none.</param>
public sealed record DriftAnswer(int Alarms, long? EventsSinceLast);
