using System.Security.Cryptography;
using System.Text;
using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Layers;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Weights;

namespace Foretell.Models.Network;

/// <summary>Configuration, weights and baselines of one trained model. Immutable and safe to share between threads.</summary>
public sealed class ForecastModel
{
    /// <summary>Log probability that a mark training never saw is given: one in a million.</summary>
    internal const double LogUnknownMark = -13.815510557964274;

    private readonly byte[][] _valueNames, _labels;
    private readonly Dictionary<string, int> _markIndex;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _markLookup;

    internal ForecastModel(ModelConfig config, AlignedBuffer weights, TimeHead timeHead, Baselines baselines,
        IReadOnlyList<ValueMixture>? values = null)
    {
        Config = config;
        Weights = weights;
        TimeHead = timeHead;
        Baselines = baselines;
        Layout = new ParameterLayout(config);
        State = new StateLayout(config, Layout);
        ValueMixtures = values ?? [];
        Values = config.ForecastsValues ? new ValueTrack(config.Values!) : null;
        ForecastValues = [.. Enumerable.Range(0, Values?.Count ?? 0).Where(i => !Values!.IsFact(i))];
        Adaptation = config.Adapt ? new Adaptation(config, timeHead) : null;
        _valueNames = [.. (config.ForecastsValues ? config.Values! : []).Select(v => Encoding.UTF8.GetBytes(v.Name))];
        _labels = [.. (config.Labels ?? []).Select(Encoding.UTF8.GetBytes)];
        _markIndex = IndexMarks(config.Marks);
        _markLookup = _markIndex.GetAlternateLookup<ReadOnlySpan<char>>();
        Id = Convert.ToHexStringLower(SHA256.HashData(ModelFile.ToTensors(this).ToBytes()))[..16];
    }

    /// <summary>Configuration.</summary>
    public ModelConfig Config { get; }

    /// <summary>First 16 hex digits of the SHA-256 of the weights file: configuration, weights and baselines.</summary>
    public string Id { get; }

    /// <summary>Simple methods fitted on the same training data.</summary>
    public Baselines Baselines { get; }

    /// <summary>Floats of one state row: mixer state, the last hidden vector, and where the model adapts what the stream has shown of its
    /// own. A tail follows where the state grows.</summary>
    public int StateFloats => State.Floats;

    /// <summary>Leading floats of a row that are mixer state.</summary>
    public int MixerFloats => State.MixerFloats;

    /// <summary>Floats of a row of which its forecasts are made: behind the mixer state the last hidden vector [d], then the
    /// adaptation, then what the stream has shown of its values.</summary>
    public int BasisFloats => State.BasisFloats;

    /// <summary>A row grows with its events: it has a tail, and belongs to the mixer softmax.</summary>
    public bool Grows => State.TailBlockFloats > 0;

    /// <summary>Index that every mark outside the vocabulary maps to (<see cref="ModelConfig.UnknownMark"/>).</summary>
    public int UnknownMark => Config.UnknownMark;

    /// <summary>Bytes of one row's floats; of a row that grows, before its first event.</summary>
    public int StateBytes => StateFloats * sizeof(float);

    /// <summary>Bytes of one row's floats after a number of events.</summary>
    public long StateBytesAfter(long events) => (StateFloats + State.TailFloats(events)) * sizeof(float);

    /// <summary>Numbers that training set.</summary>
    public int ParameterCount => Layout.TrainedCount;

    /// <summary>Every trained tensor: its name (docs/formats.md) and its place in <see cref="ParameterVector"/>, in the file's
    /// order.</summary>
    public IReadOnlyList<Parameter> Parameters => Layout.All;

    /// <summary>The trained numbers, tensor behind tensor, each row padded with zeros to whole vectors: what a backend other than the
    /// CPU's loads.</summary>
    public ReadOnlySpan<float> ParameterVector => Weights.Span;

    internal ParameterLayout Layout { get; }
    internal StateLayout State { get; }
    internal AlignedBuffer Weights { get; }
    internal TimeHead TimeHead { get; }
    internal Adaptation? Adaptation { get; }

    /// <summary>How streams' own levels and units are kept; null where values are not forecast.</summary>
    internal ValueTrack? Values { get; }

    /// <summary>The value head's mixtures, one a value; empty where values are not forecast.</summary>
    internal IReadOnlyList<ValueMixture> ValueMixtures { get; }

    /// <summary>Indices of the values that are forecast: all but facts about the stream.</summary>
    internal int[] ForecastValues { get; }

    /// <summary>Values that a step takes of each event; 0 where they are not forecast.</summary>
    public int ValueCount => Values?.Count ?? 0;
    internal IReadOnlyDictionary<string, int> MarkIndices => _markIndex;

    /// <summary>Index of a mark; <see cref="UnknownMark"/> where the vocabulary lacks it. Where the model has no marks that is 0 for
    /// every event.</summary>
    public int MarkIndex(ReadOnlySpan<byte> utf8Mark)
    {
        Span<char> text = stackalloc char[ModelLimits.MarkBytes];
        return utf8Mark.Length <= text.Length && Encoding.UTF8.TryGetChars(utf8Mark, text, out int written)
            && _markLookup.TryGetValue(text[..written], out int index) ? index : UnknownMark;
    }

    /// <summary>Index of the mark of a sequence's event, likewise.</summary>
    internal int MarkOf(EventSequence sequence, int t) =>
        sequence.Marks is { } marks && _markIndex.TryGetValue(marks[t], out int index) ? index : UnknownMark;

    /// <summary>Indices of marks that are asked for by name.</summary>
    /// <exception cref="ArgumentException">The model does not know one; the message names it, and some that it knows.</exception>
    internal int[] IndicesOf(IReadOnlyList<string> marks) => [.. marks.Select(m => _markIndex.TryGetValue(m, out int index) ? index
        : throw new ArgumentException($"The model knows no mark '{m}'; it has {string.Join(", ", Config.Marks.Take(20))}{(Config.Marks.Count > 20 ? ", ..." : "")}.", nameof(marks)))];

    /// <summary>Index of a value by its name; -1 for one that the model does not know.</summary>
    public int ValueIndex(ReadOnlySpan<byte> utf8Name) => IndexOf(_valueNames, utf8Name);

    /// <summary>Index of a kind of stream; -1 for one that the model does not know.</summary>
    public int LabelIndex(ReadOnlySpan<byte> utf8Label) => IndexOf(_labels, utf8Label);

    /// <summary>This model with its states bounded by a policy, or by another one; the weights are the same.</summary>
    /// <param name="mixer">tova, window, window+i, h2o; or softmax, which keeps all.</param>
    /// <param name="states">Events that the policy keeps per layer; 0 for softmax.</param>
    /// <exception cref="ArgumentException">The model is no softmax model, or the policy's numbers are out of range.</exception>
    public ForecastModel WithMixer(string mixer, int states)
    {
        static bool IsSoftmax(string name) => MixerName.Parse(name).Kind is not (MixerKind.Aaren or MixerKind.Linear);
        ModelConfig config = Config with { Mixer = mixer, States = states };
        config.Validate();
        if (mixer == Config.Mixer && states == Config.States)
        {
            return this;
        }
        if (!IsSoftmax(mixer) || !IsSoftmax(Config.Mixer))
        {
            throw new ArgumentException($"A model of mixer {Config.Mixer} cannot run as {mixer}: tova, window, window+i and h2o bound a softmax model, and nothing else changes after training. "
                + "Train one with 'foretell train --mixer softmax'.");
        }
        return new ForecastModel(config, Weights, TimeHead, Baselines, ValueMixtures);
    }

    /// <summary>This model with or without adaptation; the weights are the same, the rows are others.</summary>
    public ForecastModel WithAdaptation(bool adapt) =>
        adapt == Config.Adapt ? this : new ForecastModel(Config with { Adapt = adapt }, Weights, TimeHead, Baselines, ValueMixtures);

    /// <summary>This model over other marks, of which it says nothing by itself: all are equally likely, until a stream's
    /// own counts tell (where it adapts, up to 64 marks). Its times are forecast as without marks.</summary>
    /// <param name="marks">The vocabulary; empty for none.</param>
    /// <exception cref="ArgumentException">There are too many, two are the same, or one is too long.</exception>
    public ForecastModel WithMarks(IReadOnlyList<string> marks)
    {
        ModelConfig config = Config with { Marks = [.. marks], HasOtherMark = false };
        config.Validate();
        var layout = new ParameterLayout(config);
        // The tensors of the mark head are all 0, which is an even distribution whatever the hidden vector.
        var weights = new AlignedBuffer(layout.Length);
        foreach (Parameter p in layout.All.Where(p => !p.Name.StartsWith(MarkParameters.Prefix, StringComparison.Ordinal)))
        {
            Parameter source = Layout.All.First(q => q.Name == p.Name);
            if (layout.MarkEmbeddings.Contains(p))
            {
                // Every mark enters as one that training never saw.
                ReadOnlySpan<float> unknown = Weights.Span.Slice(source.Offset + Config.Marks.Count * source.Stride, source.Stride);
                for (int row = 0; row < p.Rows; row++)
                {
                    unknown.CopyTo(weights.Span[(p.Offset + row * p.Stride)..]);
                }
            }
            else
            {
                Weights.Span.Slice(source.Offset, source.Length).CopyTo(weights.Span[p.Offset..]);
            }
        }
        return new ForecastModel(config, weights, TimeHead, Baselines.WithoutMarkCounts(config), ValueMixtures);
    }

    /// <summary>What a row has shown of its own, as people may want to know it; null where the model does not adapt.</summary>
    /// <param name="basis">Shape [BasisFloats].</param>
    public AdaptationReport? Adapted(ReadOnlySpan<float> basis) =>
        Config.Adapt ? Adaptation.Report(basis[Config.Width..], Config.LogGapDeviation) : null;

    /// <summary>Refuses a state that is no row of this model.</summary>
    /// <exception cref="ArgumentException">Its length is not that of a row with as many events, its layers count different ones, or it
    /// holds what is no number.</exception>
    internal void CheckState(ReadOnlySpan<float> state)
    {
        if (State.Damage(state) is { } damage)
        {
            throw new ArgumentException(damage, nameof(state));
        }
    }

    /// <summary>Reads a weights file.</summary>
    /// <exception cref="InvalidDataException">The file is no Foretell model; the message says what is wrong.</exception>
    public static ForecastModel Load(string path)
    {
        try
        {
            return ModelFile.FromTensors(SafeTensors.Read(path));
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"Cannot read the model '{path}'. {e.Message}", e);
        }
    }

    /// <summary>Reads the bytes of a weights file.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="name">Where they come from, for messages.</param>
    /// <exception cref="InvalidDataException">They are no Foretell model; the message says what is wrong.</exception>
    public static ForecastModel Parse(byte[] file, string name)
    {
        try
        {
            return ModelFile.FromTensors(SafeTensors.Parse(file));
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"Cannot read the model '{name}'. {e.Message}", e);
        }
    }

    /// <summary>Writes the weights file, whole or not at all.</summary>
    /// <exception cref="InvalidDataException">Nothing could read it; nothing is written.</exception>
    public void Save(string path)
    {
        SafeTensors file = ModelFile.ToTensors(this);
        try
        {
            ModelFile.FromTensors(SafeTensors.Parse(file.ToBytes()));
        }
        catch (InvalidDataException unreadable)
        {
            throw new InvalidDataException($"The model could not be read again, so '{path}' was not written. {unreadable.Message}", unreadable);
        }
        file.Write(path);
    }

    /// <summary>A model with random weights, for tests and benches.</summary>
    public static ForecastModel Untrained(ModelConfig config, int seed)
    {
        config.Validate();
        var layout = new ParameterLayout(config);
        var weights = new AlignedBuffer(layout.Length);
        double typical = Math.Exp(config.LogGapMean);
        ParameterInitializer.Fill(weights.Span, layout, seed, 0.01 / typical, 4 / typical);
        int k = config.Components;
        double[] anchorMean = [.. Enumerable.Range(0, k).Select(i => 3.0 * (i - (k - 1) / 2.0) / k)];
        var timeHead = new TimeHead(config, Enumerable.Repeat(-Math.Log(k), k).ToArray(), anchorMean, Enumerable.Repeat(0.5, k).ToArray());
        double[] gaps = [typical / 2, typical, typical * 2];
        int[] marks = config.Marks.Count == 0 ? [] : [.. gaps.Select((_, i) => i % config.Marks.Count)];
        ValueMixture[] values = config.ForecastsValues
            ? [.. config.Values!.Select(_ => new ValueMixture(ExpectationMaximization.Fit([-1, 0, 1], ValueMixture.Parts, 0.5)))] : [];
        return new ForecastModel(config, weights, timeHead, Baselines.Fit(config, gaps, marks, marks), values);
    }

    /// <summary>Distribution of the next gap from the time head's outputs, given that an event comes.</summary>
    /// <param name="outputs">Shape [3k or more].</param>
    internal GapDistribution DecodeTime(ReadOnlySpan<float> outputs)
    {
        int k = TimeHead.Components;
        var mixture = new NormalMixture(new double[k], new double[k], new double[k]);
        DecodeTime(outputs, mixture.LogWeight, mixture.Mean, mixture.Deviation);
        return new GapDistribution(mixture, Config.Ties > 0 ? Logistic.Probability(outputs[Config.TieOutput]) : 0, Config);
    }

    /// <summary>The same into the caller's memory. Shape of each output [k].</summary>
    internal void DecodeTime(ReadOnlySpan<float> outputs, Span<double> logWeight, Span<double> mu, Span<double> sigma)
    {
        TimeHead.Decode(outputs, logWeight, mu, sigma);
        for (int i = 0; i < mu.Length; i++)
        {
            mu[i] = Config.LogGapMean + Config.LogGapDeviation * mu[i];
            sigma[i] *= Config.LogGapDeviation;
        }
    }

    private static int IndexOf(byte[][] names, ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < names.Length; i++)
        {
            if (name.SequenceEqual(names[i]))
            {
                return i;
            }
        }
        return -1;
    }

    internal static Dictionary<string, int> IndexMarks(IReadOnlyList<string> marks) =>
        marks.Select((mark, index) => (mark, index)).ToDictionary(p => p.mark, p => p.index, StringComparer.Ordinal);
}
