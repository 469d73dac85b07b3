using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Inputs;
using Foretell.Models.Layers;
using Foretell.Models.Mixers;

namespace Foretell.Models.Network;

/// <summary>Names, shapes and places of a model's trained tensors in one flat vector. Follows from the configuration alone.</summary>
internal sealed class ParameterLayout
{
    private readonly List<Parameter> _all = [];
    private readonly List<FeatureInput> _inputs = [];

    public ParameterLayout(ModelConfig config)
    {
        int d = config.Width, k = config.Components, marks = config.Marks.Count;
        EmbedMark = Add("embed.mark", marks + 1, d, new(InitializerKind.Normal, 0.3f));
        EmbedGap = Add("embed.gap", 2, d, Initializer.Linear);
        EmbedBias = Add("embed.bias", 1, d, Initializer.Zero);
        Layers = new LayerParameters[config.Layers];
        for (int l = 0; l < config.Layers; l++)
        {
            string p = $"layer.{l}.";
            Mixer mixer;
            Layers[l] = new LayerParameters(
                Add(p + "norm1.gain", 1, d, Initializer.One),
                Add(p + "norm1.bias", 1, d, Initializer.Zero),
                mixer = Mixer.Create(config, l, (name, rows, columns, initial) => Add(p + name, rows, columns, initial)),
                Add(p + "output.weight", mixer.OutputColumns, d, Initializer.Linear),
                Add(p + "output.bias", 1, d, Initializer.Zero),
                Add(p + "norm2.gain", 1, d, Initializer.One),
                Add(p + "norm2.bias", 1, d, Initializer.Zero),
                Add(p + "feedforward.in.weight", d, 4 * d, Initializer.Linear),
                Add(p + "feedforward.in.bias", 1, 4 * d, Initializer.Zero),
                Add(p + "feedforward.out.weight", 4 * d, d, Initializer.Linear),
                Add(p + "feedforward.out.bias", 1, d, Initializer.Zero));
        }
        NormGain = Add("norm.gain", 1, d, Initializer.One);
        NormBias = Add("norm.bias", 1, d, Initializer.Zero);
        // Small output weights: the first forecasts are the history-free mixture that anchors the head.
        int timeOutputs = 3 * k + (config.Censored ? 1 : 0) + (config.Ties > 0 ? 1 : 0);
        TimeWeight = Add("time.weight", d, timeOutputs, new(InitializerKind.Linear, 0.3f));
        TimeBias = Add("time.bias", 1, timeOutputs, Initializer.Zero);
        if (marks > 0)
        {
            Marks = new MarkParameters(d, marks, Add);
        }
        // Parts that came later stand behind the others: models without them have the tensors and the random numbers they had.
        // The inputs are in the order of a sequence's features (EncodedSequence.Inputs).
        if (config.Values is not null)
        {
            _inputs.Add(new ValueInput(config.Values.Count, config.ForecastsValues, d, Add));
        }
        Values = config.ForecastsValues ? new ValueHead(config, Add) : null;
        Labels = config.Labels is null ? null : new LabelHead("label", config.Labels.Count, d, Add);
        if (config.Series is not null)
        {
            _inputs.Add(new SeriesInput(config.Series, d, Add));
            Series = new SeriesHead(config.Series.Horizon, d, Add);
        }
        if (config.Calendar)
        {
            _inputs.Add(new CalendarInput(d, Add));
        }
        if (config.Actions is not null)
        {
            _inputs.Add(new ActionInput(config.Actions, d, Add));
            Actions = new LabelHead("action", config.Actions.Actions, d, Add);
        }
        Remaining = config.Remaining is null ? null : new RemainingHead(config, Add);
    }

    public Parameter EmbedMark { get; }
    public Parameter EmbedGap { get; }
    public Parameter EmbedBias { get; }
    public LayerParameters[] Layers { get; }
    public Parameter NormGain { get; }
    public Parameter NormBias { get; }
    public Parameter TimeWeight { get; }
    public Parameter TimeBias { get; }

    /// <summary>Tensors of the mark head; null where events carry no mark.</summary>
    public MarkParameters? Marks { get; }

    /// <summary>What the network reads of an event beside its gap and mark.</summary>
    public IReadOnlyList<FeatureInput> Inputs => _inputs;

    /// <summary>Tensors with a row a mark, the last one for marks that the model does not know.</summary>
    public IReadOnlyList<Parameter> MarkEmbeddings => Values is null ? [EmbedMark] : [EmbedMark, Values.Mark];

    /// <summary>Head of the next event's values; null without.</summary>
    public ValueHead? Values { get; }

    /// <summary>Head of the labels; null without.</summary>
    public LabelHead? Labels { get; }

    /// <summary>Head of the series' next readings; null without.</summary>
    public SeriesHead? Series { get; }

    /// <summary>Head of an episode's actions; null without.</summary>
    public LabelHead? Actions { get; }

    /// <summary>Head of the remaining time; null without.</summary>
    public RemainingHead? Remaining { get; }

    /// <summary>All tensors in file order.</summary>
    public IReadOnlyList<Parameter> All => _all;

    /// <summary>Floats of the flat vector.</summary>
    public int Length { get; private set; }

    /// <summary>Numbers that training may change.</summary>
    public int TrainedCount => _all.Sum(p => p.Rows * p.Columns);

    private Parameter Add(string name, int rows, int columns, Initializer initial)
    {
        var parameter = new Parameter(name, Length, rows, columns, (columns + 15) / 16 * 16, initial);
        _all.Add(parameter);
        Length += parameter.Length;
        return parameter;
    }
}

/// <summary>Tensors of one layer.</summary>
internal sealed record LayerParameters(
    Parameter Norm1Gain, Parameter Norm1Bias, Mixer Mixer, Parameter OutputWeight, Parameter OutputBias, Parameter Norm2Gain,
        Parameter Norm2Bias,
    Parameter InWeight, Parameter InBias, Parameter OutWeight, Parameter OutBias);
