using Foretell.Models.Numerics;

namespace Foretell.Models.Control;

/// <summary>A pendulum that hangs and is to be swung up and held there by torques too weak to lift it at once: -2, -1, 0, 1 or 2 N m
/// (actions 0 to 4). A tick costs angle^2 + speed^2 / 10 + torque^2 / 1000, the angle from upright; no episode ends early.</summary>
/// <remarks>Equations, costs and ticks of Gym's Pendulum. There an episode may begin anywhere; here it begins within half a radian of
/// hanging, at up to half a radian a second, so that each is a swing-up. By energy: Astrom, Furuta, Automatica 36, 2000.</remarks>
internal sealed class Pendulum : ControlTask
{
    private const double Gravity = 10, Mass = 1, Length = 1, Seconds = 0.05, Fastest = 8, Spread = 0.5;

    /// <summary>The skilled controller brakes and holds where the pendulum is nearer to upright than this, in cosines.</summary>
    private const double NearUpright = 0.93;

    private double _angle, _speed;

    /// <inheritdoc/>
    public override string Name => "pendulum";

    /// <inheritdoc/>
    public override int Observations => 3;

    /// <inheritdoc/>
    public override int Actions => 5;

    /// <inheritdoc/>
    public override int Skilled(ReadOnlySpan<double> observation)
    {
        (double cosine, double sine, double speed) = (observation[0], observation[1], observation[2]);
        // Half the squared speed, and the height at 3 g / 2 l: what is kept where no torque acts, and is 3 g / 2 l at rest upright.
        double top = 1.5 * Gravity / Length, energy = 0.5 * speed * speed + top * cosine;
        return cosine > NearUpright ? Nearest(-12 * Math.Atan2(sine, cosine) - 3 * speed)
            : Nearest((top - energy) * (speed >= 0 ? 1 : -1));
    }

    /// <inheritdoc/>
    public override int Hasty(ReadOnlySpan<double> observation) => Nearest(-2 * Math.Atan2(observation[1], observation[0]));

    /// <inheritdoc/>
    protected override void Start(RandomStream random) =>
        (_angle, _speed) = (Math.PI + Spread * (2 * random.NextDouble() - 1), Spread * (2 * random.NextDouble() - 1));

    /// <inheritdoc/>
    protected override (double Reward, bool HasEnded) Tick(int action)
    {
        double torque = action - 2, angle = Math.IEEERemainder(_angle, 2 * Math.PI);
        double cost = angle * angle + 0.1 * _speed * _speed + 0.001 * torque * torque;
        double turning = 1.5 * Gravity / Length * Math.Sin(_angle) + 3 / (Mass * Length * Length) * torque;
        _speed = Math.Clamp(_speed + Seconds * turning, -Fastest, Fastest);
        _angle += Seconds * _speed;
        return (-cost, false);
    }

    /// <inheritdoc/>
    protected override double[] Observe() => [Math.Cos(_angle), Math.Sin(_angle), _speed];

    /// <summary>The action whose torque is nearest.</summary>
    private static int Nearest(double torque) => (int)Math.Round(Math.Clamp(torque, -2, 2)) + 2;
}
