using System.Diagnostics;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Stores.Postgres;

namespace Foretell.Bench;

/// <summary>10^8 events into one stream, by one layer's step alone, against doubles. Half-way the events change: a state that
/// stands still does not notice.</summary>
/// <remarks>
/// Events are of eight kinds, so that all of the past is eight numbers in double: how many events of each kind there
/// were, each event faded by its age.
/// </remarks>
internal static unsafe class LongBench
{
    private const int Seed = 1, Kinds = 8, Width = 16;
    private const long Events = 100_000_000;

    public static Task RunAsync()
    {
        foreach (string mixer in new[] { "aaren", "linear" })
        {
            Run(mixer, decay: false);
            Run(mixer, decay: true);
        }
        return Task.CompletedTask;
    }

    private static void Run(string mixer, bool decay)
    {
        ForecastModel model = ForecastModel.Untrained(StepBench.Config(Width, 1) with { Heads = 1, Mixer = mixer, Decay = decay }, Seed);
        Mixer layer = model.Layout.Layers[0].Mixer;
        using MixerStep step = layer.Recurrent(model.Weights.Pointer);
        using AlignedBuffer state = new(layer.StateFloats), hidden = new(Kinds * Width), output = new(layer.OutputStride);
        var random = new RandomStream(Seed);
        foreach (ref float x in hidden.Span)
        {
            x = (float)random.NextNormal();
        }
        layer.WriteEmpty(state.Span);
        var truth = new LongTruth(model, hidden, decay);
        var input = new StepInput[1];
        float* row = state.Pointer;
        var clock = Stopwatch.StartNew();
        for (long t = 0; t < Events; t++)
        {
            // The first half brings kinds 0 to 3, the second 4 to 7.
            int kind = random.NextInt(Kinds / 2) + (t < Events / 2 ? 0 : Kinds / 2);
            float gap = 0.25f * (1 + kind);
            input[0] = new StepInput(0, 0, gap, t);
            step.Advance(input, hidden.Pointer + kind * Width, new RowTile(&row, null), output.Pointer);
            truth.Add(kind, t == 0 ? 0 : gap, t == 0);
            if (t + 1 is 1_000_000 or Events / 2 or Events / 2 + 1_000_000 or Events)
            {
                (double values, double logMass) = truth.Error(kind, output.Span);
                Console.WriteLine(FormattableString.Invariant(
                    $"{mixer}{(decay ? "" : " without decay"),-16} {t + 1,12:N0} events: values off by {values:0.0e+00} of their norm, log-mass by {logMass:0.0e+00}; {clock.Elapsed.TotalNanoseconds / (t + 1):0} ns an event"));
            }
        }
    }
}
