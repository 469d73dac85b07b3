using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Models.Labels;

/// <summary>Says after every event of a stream what kind it is. Immutable and safe to share between threads.</summary>
public sealed unsafe class LabelModel
{
    private readonly ParameterLayout _layout;
    private readonly AlignedBuffer _weights;
    private readonly Dictionary<string, int> _markIndex;

    internal LabelModel(ModelConfig config, ParameterLayout layout, AlignedBuffer weights)
    {
        (Config, _layout, _weights) = (config, layout, weights);
        _markIndex = ForecastModel.IndexMarks(config.Marks);
    }

    /// <summary>Configuration, with the values that it reads and the kinds that it tells apart.</summary>
    public ModelConfig Config { get; }

    /// <summary>Kinds of stream, in the order of <see cref="Predict"/>.</summary>
    public IReadOnlyList<string> Labels => Config.Labels!;

    /// <summary>Bytes of one stream's row after a number of events; the same for any number but with the mixer softmax.</summary>
    public long StateBytesAfter(long events)
    {
        var state = new StateLayout(Config, _layout);
        return (state.Floats + state.TailFloats(events)) * sizeof(float);
    }

    /// <summary>Probability of each kind after each event, by the events up to it alone.</summary>
    /// <returns>Shape [n][labels].</returns>
    public double[][] Predict(EventSequence sequence)
    {
        var encoded = new EncodedSequence(sequence, Config, _markIndex, openEnd: false, everyEvent: true);
        using var pass = new NetworkPass(Config, _layout, timeHead: null);
        pass.Run(_weights.Pointer, [encoded], null, 0);
        return [.. Enumerable.Range(0, encoded.Rows).Select(row => MarkHead.Probabilities(pass.Labels!.Logits(row)))];
    }
}
