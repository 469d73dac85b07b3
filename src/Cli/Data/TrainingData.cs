using Foretell.Ingest.Decoding;
using Foretell.Ingest.Files;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Cli.Data;

/// <summary>What a training reads, however it was named.</summary>
/// <param name="Train">What is learned from.</param>
/// <param name="Dev">What decides when to stop.</param>
/// <param name="UnitSeconds">Seconds a unit of their times.</param>
internal sealed record TrainingData(IReadOnlyList<EventSequence> Train, IReadOnlyList<EventSequence> Dev, double UnitSeconds)
{
    /// <summary>How one file became two sets; null where two files were named.</summary>
    public DataSplit? Split { get; private init; }

    /// <summary>The time unit was found in the data.</summary>
    public bool HasFoundUnit { get; private init; }

    /// <summary>The time unit was neither named nor found: the numbers of a sequence file count as seconds.</summary>
    public bool HasAssumedUnit { get; private init; }

    /// <summary>Reads one file and splits it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="unitSeconds">Seconds a unit; null finds it in an event file, whose times are absolute, and takes the second for a
    /// sequence file, whose times say nothing of their unit.</param>
    /// <param name="columns">Columns of a CSV file.</param>
    /// <param name="until">When the watching ended, or null.</param>
    /// <param name="zone">Of times without an offset, or null.</param>
    public static TrainingData Of(string path, double? unitSeconds, EventColumns? columns, ObservationEnd? until,
        TimeZoneInfo? zone)
    {
        List<EventSequence> sequences = EventFile.ReadSequences(path, unitSeconds ?? 1, columns, until, zone);
        double? found = unitSeconds is null && InputFile.CanReadAgain(path) && !EventFile.HoldsSequences(path)
            && TimeUnits.UsualGap(sequences) is { } gap
            ? TimeUnits.For(gap).Seconds : null;
        var split = DataSplit.Of(found is { } unit ? [.. sequences.Select(s => InUnits(s, unit))] : sequences);
        return new TrainingData(split.Train, split.Dev, found ?? unitSeconds ?? 1)
        {
            Split = split,
            HasFoundUnit = found is not null,
            HasAssumedUnit = found is null && unitSeconds is null,
        };
    }

    private static EventSequence InUnits(EventSequence sequence, double seconds) => sequence with
    {
        Times = Array.ConvertAll(sequence.Times, time => time / seconds),
        Until = sequence.Until / seconds,
    };
}
