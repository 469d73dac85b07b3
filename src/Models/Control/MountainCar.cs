using Foretell.Models.Numerics;

namespace Foretell.Models.Control;

/// <summary>A car in a valley whose engine is too weak for the hill: it has to swing. Actions: throttle back (0), none (1), ahead (2).
/// Each tick costs 1, until the car is up the hill on its right.</summary>
/// <remarks>Source: Moore, "Efficient memory-based learning for robot control", 1990; equations as in Sutton, Barto, "Reinforcement
/// Learning", second edition, example 10.1.</remarks>
internal sealed class MountainCar : ControlTask
{
    private const double Left = -1.2, Goal = 0.5, Fastest = 0.07;

    private double _place, _speed;

    /// <inheritdoc/>
    public override string Name => "mountain car";

    /// <inheritdoc/>
    public override int Observations => 2;

    /// <inheritdoc/>
    public override int Actions => 3;

    /// <inheritdoc/>
    public override int Skilled(ReadOnlySpan<double> observation) => observation[1] < 0 ? 0 : 2;

    /// <inheritdoc/>
    public override int Hasty(ReadOnlySpan<double> observation) => 2;

    /// <inheritdoc/>
    protected override void Start(RandomStream random) => (_place, _speed) = (-0.6 + 0.2 * random.NextDouble(), 0);

    /// <inheritdoc/>
    protected override (double Reward, bool HasEnded) Tick(int action)
    {
        _speed = Math.Clamp(_speed + 0.001 * (action - 1) - 0.0025 * Math.Cos(3 * _place), -Fastest, Fastest);
        _place += _speed;
        if (_place < Left)
        {
            (_place, _speed) = (Left, 0);
        }
        return (-1, _place >= Goal);
    }

    /// <inheritdoc/>
    protected override double[] Observe() => [_place, _speed];
}
