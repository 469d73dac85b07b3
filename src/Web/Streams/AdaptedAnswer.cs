using Foretell.Engine.Rows;
using Foretell.Models.Network;

namespace Foretell.Web.Streams;

/// <summary>How one stream's forecasts follow what it has shown of its own.</summary>
/// <param name="GapFactor">How many times as long as the model says its gaps are taken to be; 1 where it does as the model says.</param>
/// <param name="GapLogEvidence">Log odds, nats, that its gaps are its own: from -4 to 8, -3 at its beginning.</param>
/// <param name="MarkLogEvidence">The same of its marks.</param>
/// <param name="SharedGapFactor">How many times as long again they are taken to be after what the partition's streams show together; null
/// where streams share nothing.</param>
public sealed record AdaptedAnswer(double GapFactor, double GapLogEvidence, double MarkLogEvidence, double? SharedGapFactor)
{
    internal static AdaptedAnswer? Of(ForecastModel model, StreamSnapshot stream)
    {
        if (model.Adapted(stream.State.AsSpan(model.MixerFloats, model.BasisFloats)) is not { } own)
        {
            return null;
        }
        double? shared = stream.Served == stream.State ? null
            : model.Adapted(stream.Served.AsSpan(model.MixerFloats, model.BasisFloats))!.GapFactor / own.GapFactor;
        return new AdaptedAnswer(own.GapFactor, own.GapLogEvidence, own.MarkLogEvidence, shared);
    }
}
