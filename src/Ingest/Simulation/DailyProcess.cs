namespace Foretell.Ingest.Simulation;

/// <summary>Events without memory whose rate follows the hour of the day: rate (1 + swing cos(2 pi (t - peak) / 24 h)).</summary>
/// <param name="rate">Mean rate, per second.</param>
/// <param name="swing">Relative height of the peak, within [0, 1).</param>
/// <param name="secondsSincePeak">Time since the daily peak when the process starts.</param>
internal sealed class DailyProcess(double rate, double swing, double secondsSincePeak) : GapProcess
{
    private const double Day = 86_400;

    private double _sincePeak = secondsSincePeak;

    /// <inheritdoc/>
    /// <remarks>Thinning: draws at the peak's rate and keeps each with the share that the rate then has (Lewis and Shedler,
    /// 1979).</remarks>
    public override double Sample(ref SplitMix64 random)
    {
        double gap = 0;
        do
        {
            gap += random.NextExponential() / (rate * (1 + swing));
        }
        while (random.NextUniform() * (1 + swing) > Shape(gap));
        return gap;
    }

    /// <inheritdoc/>
    public override double LogDensity(double gap)
    {
        double wave = PortableMath.SinTurns((_sincePeak + gap) / Day) - PortableMath.SinTurns(_sincePeak / Day);
        return PortableMath.Log(rate * Shape(gap)) - rate * (gap + swing * Day / (2 * Math.PI) * wave);
    }

    /// <inheritdoc/>
    public override void Advance(double gap) => _sincePeak = (_sincePeak + gap) % Day;

    private double Shape(double gap) => 1 + swing * PortableMath.CosTurns((_sincePeak + gap) / Day);
}
