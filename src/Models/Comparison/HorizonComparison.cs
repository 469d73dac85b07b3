using Foretell.Models.Configuration;
using Foretell.Models.Horizons;
using Foretell.Models.Training;

namespace Foretell.Models.Comparison;

/// <summary>What forecasts of whole horizons are compared by, and what the stream's own past says of them without training.</summary>
/// <param name="Setting">Horizon and delta, from the training set.</param>
/// <param name="HistoryDensity">Each mark goes on at the rate that it had.</param>
/// <param name="MostPopular">The most frequent mark comes again and again.</param>
public sealed record HorizonComparison(HorizonSetting Setting, HorizonScore HistoryDensity, HorizonScore MostPopular)
{
    /// <summary>Scores both on the test set.</summary>
    /// <exception cref="ArgumentException">No test sequence was watched for a horizon, or nothing came in one.</exception>
    internal static HorizonComparison Of(ComparisonData data, TrainingOptions options)
    {
        var setting = HorizonSetting.Of(data.Train);
        List<string> marks = Vocabulary.Of(data.Train, options.MaxMarks, out FoldedMarks? folded);
        ModelConfig config = options.Shape with { Marks = marks, HasOtherMark = folded is not null };
        return new HorizonComparison(setting, Score(HorizonBaselines.HistoryDensity), Score(HorizonBaselines.MostPopular));

        HorizonScore Score(HorizonMethod method) => HorizonScorer.Run(method, config, data.Test, setting)
            ?? throw new ArgumentException(FormattableString.Invariant($"No sequence of the test set goes on for {setting.Horizon:G4} time units, five mean gaps of train, ")
            + FormattableString.Invariant($"behind {setting.Step + 1} events of its own and has events there. ")
            + "Test on longer sequences, say how long they were watched (Until), or score no whole horizons.");
    }
}
