using System.Globalization;
using Foretell.Models.Configuration;
using Foretell.Models.Training;

namespace Foretell.Models.Comparison;

/// <summary>What to compare, and the budget that every form gets.</summary>
public sealed record ComparisonOptions
{
    /// <summary>Rows of the table.</summary>
    public IReadOnlyList<ComparisonForm> Forms { get; init; } = ComparisonForm.Default;

    /// <summary>How many events a policy keeps per layer, each a row of its own.</summary>
    public IReadOnlyList<StateCount> States { get; init; } = [new StateCount(1, 8)];

    /// <summary>Trainings of each form at its chosen learning rate, with seeds 1 to this.</summary>
    public int Seeds { get; init; } = 5;

    /// <summary>Learning rates that every form is tried with, on the first seed; the one with the best dev score is chosen.</summary>
    public IReadOnlyList<double> Rates { get; init; } =
        [TrainingOptions.DefaultLearningRate / 2, TrainingOptions.DefaultLearningRate, TrainingOptions.DefaultLearningRate * 2];

    /// <summary>Whether each form has a second row, in which its models follow what each stream shows of its own.</summary>
    public bool Adapt { get; init; }

    /// <summary>Whether forecasts of whole horizons are scored, too.</summary>
    public bool Horizons { get; init; }

    /// <summary>Processor time of one round of timing the step; a form takes ten.</summary>
    public TimeSpan TimingRound { get; init; } = TimeSpan.FromSeconds(0.1);

    /// <summary>Everything else of a training, the same for all; mixer, decay, rate and seed are the comparison's.</summary>
    public TrainingOptions Training { get; init; } = new();
}

/// <summary>Events that a policy keeps: a number, or a share of a sequence's mean length.</summary>
/// <param name="Numerator">The number; or the share's numerator.</param>
/// <param name="Denominator">The share's denominator; 0 for a number.</param>
public readonly record struct StateCount(int Numerator, int Denominator = 0)
{
    /// <summary>Reads "64" or "1/8".</summary>
    public static bool TryParse(string text, out StateCount count)
    {
        string[] parts = text.Split('/');
        int denominator = 0;
        bool holds = parts.Length is 1 or 2 && Read(parts[0], out int numerator) & (parts.Length == 1 || Read(parts[1], out denominator));
        count = holds ? new StateCount(int.Parse(parts[0], CultureInfo.InvariantCulture), denominator) : default;
        return holds && (denominator == 0 ? count.Numerator <= ModelConfig.MaxStates : count.Numerator <= denominator);

        static bool Read(string part, out int number) =>
            int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;
    }

    /// <summary>Events kept where sequences have a mean length; at least 1.</summary>
    public int Of(double meanLength) => Denominator == 0 ? Numerator
        : Math.Clamp((int)Math.Round(meanLength * Numerator / Denominator), 1, ModelConfig.MaxStates);

    /// <inheritdoc/>
    public override string ToString() => Denominator == 0 ? $"{Numerator}" : $"{Numerator}/{Denominator}";
}
