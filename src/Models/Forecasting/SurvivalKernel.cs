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
    private readonly AlignedBuffer _basis = new((long)RowTile.MaxRows * model.State.BasisStride);

    /// <summary>Log probability of each stream's silence, given that a next event comes at all.</summary>
    /// <param name="bases">What the forecasts are made of. Shape [n, BasisFloats].</param>
    /// <param name="silenceSeconds">Shape [n].</param>
    /// <param name="logSurvival">Output, nats. Shape [n].</param>
    /// <param name="neverLogit">Output: logit of no next event at all, given the silence. Shape [n].</param>
    public void Compute(ReadOnlySpan<float> bases, ReadOnlySpan<double> silenceSeconds, Span<double> logSurvival, Span<double> neverLogit)
    {
        int d = model.BasisFloats, k = model.Config.Components;
        double* logWeight = stackalloc double[3 * k], mean = logWeight + k, inverse = mean + k;
        for (int start = 0; start < silenceSeconds.Length; start += RowTile.MaxRows)
        {
            int n = Math.Min(RowTile.MaxRows, silenceSeconds.Length - start);
            for (int i = 0; i < n; i++)
            {
                bases.Slice((start + i) * d, d).CopyTo(_basis.Span[(i * model.State.BasisStride)..]);
            }
            _heads.Time(_basis.Pointer, n);
            for (int i = 0; i < n; i++)
            {
                double silence = silenceSeconds[start + i] / model.Config.TimeUnitSeconds;
                model.TimeHead.Decode(_heads.TimeOutputsPointer(i), logWeight, mean, inverse);
                logSurvival[start + i] = silence == 0 ? 0 : Math.Min(0, Positive(i) + LogSurvival(silence));
                neverLogit[start + i] = _heads.NeverLogit(i) - logSurvival[start + i];
            }
        }

        double Positive(int row) => model.Config.Ties > 0 ? TieHead.Log(_heads.TieLogit(row), isTie: false) : 0;

        // On a clock grid the probability of a tick is spread evenly over its cell.
        double LogSurvival(double silence)
        {
            if (model.Config.Resolution == 0)
            {
                return AtEdge(silence);
            }
            (double from, double to) = ClockGrid.Cell(silence, model.Config.Resolution);
            double before = AtEdge(from), share = Math.Clamp((silence - from) / (to - from), 0, 1);
            return before + RealMath.Log1p(share * RealMath.Expm1(AtEdge(to) - before));
        }

        double AtEdge(double silence)
        {
            MixtureScore score = MixtureScore.Of(k, logWeight, mean, inverse, GapInterval.Beyond(silence, model.Config));
            var tail = GapTail.Of(score.Location, model.Config);
            double below = (1 - GapTail.Share) * score.Below + GapTail.Share * (silence / (tail.Scale + silence));
            return below < 0.5
                ? RealMath.Log1p(-below)
                : Math.Log((1 - GapTail.Share) * Math.Exp(score.LogSurvival) + GapTail.Share * tail.Survival(silence));
        }
    }
}
