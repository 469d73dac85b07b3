using System.CommandLine;
using Foretell.Models.Actions;
using Foretell.Models.Comparison;
using Foretell.Models.Training;

namespace Foretell.Cli.Options;

/// <summary>Options of a comparison of actions: how much is learned from.</summary>
internal sealed class ActionSettings
{
    private const int DefaultWidth = 32;

    /// <summary>Episodes of each log.</summary>
    public Option<int> Episodes { get; } = Settings.Number("--episodes",
        "With --task actions: episodes of each log that is learned from.", 10, 100_000, ActionComparisonOptions.DefaultEpisodes);

    /// <summary>What the options say.</summary>
    /// <param name="hasWidth">Whether a width was asked for.</param>
    public ActionComparisonOptions Read(ParseResult parsed, TrainingOptions training, bool hasWidth, ComparisonForm[]? forms, int seeds)
    {
        var options = new ActionComparisonOptions
        {
            Seeds = seeds,
            Episodes = parsed.GetValue(Episodes),
            Training = training with
            {
                Shape = training.Shape with { Width = hasWidth ? training.Shape.Width : DefaultWidth },
                Epochs = training.Epochs ?? ActionTrainer.DefaultEpochs,
                LearningRate = ActionTrainer.DefaultLearningRate,
            },
        };
        return forms is { Length: > 0 } ? options with { Forms = forms } : options;
    }
}
