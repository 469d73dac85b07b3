using Foretell.Models.Network;

namespace Foretell.Web.Streams;

/// <summary>How one stream's forecasts follow what it has shown of its own.</summary>
/// <param name="GapFactor">How many times as long as the model says its gaps are taken to be; 1 where it does as the model says.</param>
/// <param name="GapLogEvidence">Log odds, nats, that its gaps are its own: from -4 to 8, -3 at its beginning.</param>
/// <param name="MarkLogEvidence">The same of its marks.</param>
public sealed record AdaptedAnswer(double GapFactor, double GapLogEvidence, double MarkLogEvidence)
{
    internal static AdaptedAnswer? Of(ForecastModel model, ReadOnlySpan<float> state) =>
        model.Adapted(state.Slice(model.MixerFloats, model.BasisFloats)) is { } report
            ? new AdaptedAnswer(report.GapFactor, report.GapLogEvidence, report.MarkLogEvidence)
            : null;
}
