using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Models.Comparison;

/// <summary>How many events a second one thread steps through the recurrent form.</summary>
internal static class StepSpeed
{
    private const int Rows = 64, Seen = 1000, Rounds = 7, WarmUp = 3;

    /// <summary>The fastest of seven rounds, since other programs only ever slow one down: events per second of processor time,
    /// unscored, in batches of 64 streams that have seen 1,000 events each.</summary>
    /// <param name="model">Model to step.</param>
    /// <param name="round">Processor time of a round.</param>
    public static double Measure(ForecastModel model, TimeSpan round)
    {
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(Rows);
        // One row lives through the events, and the others are its copies.
        for (int t = 0; t < Seen; t++)
        {
            backend.Step([Input(model, 0, t)]);
        }
        var state = new float[backend.RowFloats(0)];
        backend.Read(0, state);
        for (int row = 1; row < Rows; row++)
        {
            backend.Write(row, state);
        }
        var inputs = new StepInput[Rows];
        int ordinal = Seen;
        var rates = new double[WarmUp + Rounds];
        // The runtime compiles what is hot once more, in the background: the first rounds are for that.
        for (int i = 0; i < rates.Length; i++)
        {
            TimeSpan started = Environment.CpuUsage.TotalTime, spent = TimeSpan.Zero;
            long events = 0;
            for (; spent < round; spent = Environment.CpuUsage.TotalTime - started)
            {
                for (int row = 0; row < Rows; row++)
                {
                    inputs[row] = Input(model, row, ordinal);
                }
                ordinal++;
                backend.Step(inputs);
                events += Rows;
            }
            rates[i] = events / spent.TotalSeconds;
        }
        return rates[WarmUp..].Max();
    }

    private static StepInput Input(ForecastModel model, int row, int ordinal) =>
        new(row, (row + ordinal) % (model.UnknownMark + 1), Math.Exp(model.Config.LogGapMean) * (0.1 + (row + 3 * ordinal) % 7), ordinal);
}
