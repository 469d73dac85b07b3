using Foretell.Models.Numerics;

namespace Foretell.Models.Control;

/// <summary>A cart that is pushed to the left (0) or to the right (1) so that the pole on it stays up. Each tick is worth 1; the episode
/// ends when the pole leans by more than 12 degrees or the cart leaves its 4.8 m.</summary>
/// <remarks>Source: Barto, Sutton, Anderson, "Neuronlike adaptive elements that can solve difficult learning control problems", IEEE
/// SMC 13, 1983, without friction; numbers and Euler's ticks as in Gym's CartPole.</remarks>
internal sealed class CartPole : ControlTask
{
    private const double Gravity = 9.8, CartMass = 1, PoleMass = 0.1, HalfLength = 0.5, Force = 10, Seconds = 0.02;
    private const double FarthestPlace = 2.4, FarthestAngle = 12 * 2 * Math.PI / 360;

    private double _place, _speed, _angle, _turn;

    /// <inheritdoc/>
    public override string Name => "cart-pole";

    /// <inheritdoc/>
    public override int Observations => 4;

    /// <inheritdoc/>
    public override int Actions => 2;

    /// <inheritdoc/>
    public override int Skilled(ReadOnlySpan<double> observation) =>
        observation[2] + 0.5 * observation[3] + 0.05 * observation[0] + 0.1 * observation[1] > 0 ? 1 : 0;

    /// <inheritdoc/>
    public override int Hasty(ReadOnlySpan<double> observation) => observation[2] > 0 ? 1 : 0;

    /// <inheritdoc/>
    protected override void Start(RandomStream random) =>
        (_place, _speed, _angle, _turn) = (Draw(random), Draw(random), Draw(random), Draw(random));

    /// <inheritdoc/>
    protected override (double Reward, bool HasEnded) Tick(int action)
    {
        (double sine, double cosine) = Math.SinCos(_angle);
        double mass = CartMass + PoleMass;
        double push = ((action == 1 ? Force : -Force) + PoleMass * HalfLength * _turn * _turn * sine) / mass;
        double turning = (Gravity * sine - cosine * push) / (HalfLength * (4.0 / 3 - PoleMass * cosine * cosine / mass));
        double pushing = push - PoleMass * HalfLength * turning * cosine / mass;
        (_place, _speed) = (_place + Seconds * _speed, _speed + Seconds * pushing);
        (_angle, _turn) = (_angle + Seconds * _turn, _turn + Seconds * turning);
        return (1, Math.Abs(_place) > FarthestPlace || Math.Abs(_angle) > FarthestAngle);
    }

    /// <inheritdoc/>
    protected override double[] Observe() => [_place, _speed, _angle, _turn];

    private static double Draw(RandomStream random) => 0.1 * (random.NextDouble() - 0.5);
}
