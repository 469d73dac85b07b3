using Foretell.Models.Numerics;

namespace Foretell.Models.Control;

/// <summary>A task that is played step by step: see, act, be rewarded. One thread uses it at a time.</summary>
public abstract class ControlTask
{
    private int _steps;

    /// <summary>Steps after which an episode ends at the latest; the same in all tasks.</summary>
    public const int Horizon = 100;

    /// <summary>Ticks of the published clock that an action holds, and that a step's reward is added up over: episodes of 200 ticks are
    /// half as many steps to learn from (Mnih et al., Nature 518, 2015, hold each for four).</summary>
    internal int Ticks { get; init; } = 2;

    /// <summary>The tasks, each made anew by a call.</summary>
    public static IReadOnlyList<Func<ControlTask>> All { get; } = [() => new CartPole(), () => new Pendulum(), () => new MountainCar()];

    /// <summary>Its name.</summary>
    public abstract string Name { get; }

    /// <summary>Numbers of an observation.</summary>
    public abstract int Observations { get; }

    /// <summary>Actions that there are: 0 to one less.</summary>
    public abstract int Actions { get; }

    /// <summary>The episode is over; also before the first one.</summary>
    public bool IsOver { get; private set; } = true;

    /// <summary>Begins an episode.</summary>
    /// <param name="seed">Says where it begins; all else follows from the actions.</param>
    /// <returns>The first observation. Shape [observations].</returns>
    public double[] Reset(long seed)
    {
        (_steps, IsOver) = (0, false);
        Start(new RandomStream(seed));
        return Observe();
    }

    /// <summary>Acts once.</summary>
    /// <param name="action">From 0 on.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such action.</exception>
    /// <exception cref="InvalidOperationException">The episode is over.</exception>
    public ControlStep Step(int action)
    {
        if (action < 0 || action >= Actions)
        {
            throw new ArgumentOutOfRangeException(nameof(action), action, $"An action of {Name} must be 0 to {Actions - 1}.");
        }
        if (IsOver)
        {
            throw new InvalidOperationException($"The episode of {Name} is over. Begin another with Reset.");
        }
        double sum = 0;
        for (int tick = 0; tick < Ticks && !IsOver; tick++)
        {
            (double reward, IsOver) = Tick(action);
            sum += reward;
        }
        IsOver |= ++_steps == Horizon;
        return new ControlStep(Observe(), sum, IsOver);
    }

    /// <summary>What a controller does that was written by someone who knows the equations: the upper mark.</summary>
    /// <param name="observation">Shape [observations].</param>
    public abstract int Skilled(ReadOnlySpan<double> observation);

    /// <summary>What a controller does that only looks at where things are and not at how they move: it is reliably wrong, not
    /// random.</summary>
    /// <param name="observation">Shape [observations].</param>
    public abstract int Hasty(ReadOnlySpan<double> observation);

    /// <summary>Draws where an episode begins.</summary>
    protected abstract void Start(RandomStream random);

    /// <summary>Moves by one tick of the clock.</summary>
    protected abstract (double Reward, bool HasEnded) Tick(int action);

    /// <summary>What can be seen now. Shape [observations].</summary>
    protected abstract double[] Observe();
}

/// <summary>What came of an action.</summary>
/// <param name="Observation">What can be seen now. Shape [observations].</param>
/// <param name="Reward">Of this step.</param>
/// <param name="IsOver">No step follows.</param>
public readonly record struct ControlStep(double[] Observation, double Reward, bool IsOver);
