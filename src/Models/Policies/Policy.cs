namespace Foretell.Models.Policies;

/// <summary>A way to decide: the probability of each action at a decision, by what was known before it.</summary>
public sealed class Policy
{
    private readonly Func<Decision, double[]>? _probabilities;

    private Policy(string name, Func<Decision, double[]>? probabilities) => (Name, _probabilities) = (name, probabilities);

    /// <summary>The policy that wrote the log.</summary>
    public static Policy Logged { get; } = new("logged", null);

    /// <summary>What tables call it.</summary>
    public string Name { get; }

    /// <summary>It is the log's own: of it only the actions that it took are known.</summary>
    public bool IsLogged => _probabilities is null;

    /// <summary>All actions alike.</summary>
    public static Policy Uniform(int actions)
    {
        double[] same = [.. Enumerable.Repeat(1.0 / actions, actions)];
        return new Policy("uniform", _ => same);
    }

    /// <summary>One action always.</summary>
    /// <exception cref="ArgumentException">There is no such action.</exception>
    public static Policy Always(string action, IReadOnlyList<string> actions)
    {
        double[] one = [.. actions.Select(a => a == action ? 1.0 : 0)];
        return one.Sum() > 0 ? new Policy($"always {action}", _ => one)
            : throw new ArgumentException($"There is no action '{action}' to take always; the actions are {string.Join(", ", actions)}.", nameof(action));
    }

    /// <summary>The action of which most is expected, of those that the log took in such states.</summary>
    public static Policy Greedy(ActionValues values, ActionSupport support) =>
        new("greedy", decision => Best(values.Of(decision.State), support.In(decision.State)));

    /// <summary>Any other.</summary>
    /// <param name="name">What tables call it.</param>
    /// <param name="probabilities">Of each action, adding up to 1. Shape [actions].</param>
    public static Policy Of(string name, Func<Decision, double[]> probabilities) => new(name, probabilities);

    /// <summary>Probability of each action at a decision. Shape [actions].</summary>
    /// <exception cref="InvalidOperationException">It is the log's own policy.</exception>
    public double[] At(Decision decision) => _probabilities?.Invoke(decision)
        ?? throw new InvalidOperationException("Of the logged policy only the probabilities of what it did are known.");

    private static double[] Best(double[] values, IReadOnlyList<bool> supported)
    {
        double[] one = new double[values.Length];
        one[Enumerable.Range(0, values.Length).MaxBy(a => (supported[a], values[a]))] = 1;
        return one;
    }
}
