using Foretell.Models.Heads;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Forecasting;

/// <summary>Scratch space for one question to many streams: how likely it was that each stayed silent for so long.</summary>
internal sealed unsafe class SurvivalKernel(ForecastModel model)
{
    private readonly HeadKernel _heads = new(model, RowTile.MaxRows);
    private readonly AlignedBuffer _hidden = new((long)RowTile.MaxRows * model.Config.Width);

    /// <summary>Log probability of each stream's silence, given that a next event comes at all.</summary>
    /// <param name="hidden">Last hidden vectors. Shape [n, d].</param>
    /// <param name="silenceSeconds">Shape [n].</param>
    /// <param name="logSurvival">Output, nats. Shape [n].</param>
    /// <param name="neverLogit">Output: logit of no next event at all, given the silence. Shape [n].</param>
    public void Compute(ReadOnlySpan<float> hidden, ReadOnlySpan<double> silenceSeconds, Span<double> logSurvival, Span<double> neverLogit)
    {
        int d = model.Config.Width, k = model.Config.Components;
        double* logWeight = stackalloc double[3 * k], mean = logWeight + k, inverse = mean + k;
        for (int start = 0; start < silenceSeconds.Length; start += RowTile.MaxRows)
        {
            int n = Math.Min(RowTile.MaxRows, silenceSeconds.Length - start);
            hidden.Slice(start * d, n * d).CopyTo(_hidden.Span);
            _heads.Time(_hidden.Pointer, n);
            for (int i = 0; i < n; i++)
            {
                var beyond = GapInterval.Beyond(silenceSeconds[start + i] / model.Config.TimeUnitSeconds, model.Config);
                model.TimeHead.Decode(_heads.TimeOutputsPointer(i), logWeight, mean, inverse);
                logSurvival[start + i] = MixtureScore.LogSurvival(k, logWeight, mean, inverse, beyond);
                neverLogit[start + i] = model.Config.Censored
                    ? _heads.TimeOutputs(i)[3 * k] - Math.Min(0, logSurvival[start + i]) : double.NegativeInfinity;
            }
        }
    }
}
