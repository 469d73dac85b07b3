using System.Runtime.CompilerServices;
using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Stepping;

/// <summary>Scores events by the history-free baselines, in vectors: these scores are kept with the row as well.</summary>
internal sealed unsafe class BaselineScorer
{
    private const int Lanes = 8;
    private const double NoWeight = -1e9;

    private readonly Baselines _baselines;
    private readonly ModelConfig _config;
    private readonly double _tieLogit;
    private readonly double[] _logWeight, _mean, _inverse;

    public BaselineScorer(ForecastModel model)
    {
        (_baselines, _config) = (model.Baselines, model.Config);
        _tieLogit = _config.Ties > 0 ? VectorMath.Log(_config.Ties / (1 - _config.Ties)) : double.NegativeInfinity;
        // In standardised log time, as gaps are, and filled up to whole vectors with components that weigh nothing.
        NormalMixture gaps = model.Baselines.Gaps;
        int padded = (gaps.Mean.Length + Lanes - 1) / Lanes * Lanes;
        (_logWeight, _mean, _inverse) = (new double[padded], new double[padded], new double[padded]);
        for (int i = 0; i < padded; i++)
        {
            bool isReal = i < gaps.Mean.Length;
            _logWeight[i] = isReal ? gaps.LogWeight[i] : NoWeight;
            _mean[i] = isReal ? (gaps.Mean[i] - model.Config.LogGapMean) / model.Config.LogGapDeviation : 0;
            _inverse[i] = isReal ? model.Config.LogGapDeviation / gaps.Deviation[i] : 1;
        }
    }

    /// <summary>Log density of the gap, nats per time unit, and log probability of the mark.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public (double Time, double Mark) Score(in GapInterval gap, in StepInput input)
    {
        double probability = _baselines.Mark(input.PreviousMark, input.Mark);
        fixed (double* logWeight = _logWeight, mean = _mean, inverse = _inverse)
        {
            var time = MixtureScore.Of(_logWeight.Length, logWeight, mean, inverse, gap, tails: false);
            return (GapScore.Of(time, gap, _tieLogit, _config).Log, probability == 1 ? 0 : VectorMath.Log(probability));
        }
    }
}
