using System.Text.Json;
using System.Text.Json.Serialization;
using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Layers;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Weights;

namespace Foretell.Models.Network;

/// <summary>A model as one safetensors file: configuration in the metadata, one tensor a parameter, anchors and baselines beside
/// them (docs/formats.md).</summary>
internal static class ModelFile
{
    // Of models whose rows followed a stream by an earlier rule. They adapt by this one, and have another id for it: their rows are others.
    private const string FirstAdapting = "model/4";

    private const string FormatKey = "foretell.format", Plain = "model/1", Censored = "model/2", Later = "model/3", Adapting = "model/5", Beside = "model/6", ConfigKey = "foretell.config";

    /// <summary>A model's tensors and metadata.</summary>
    public static SafeTensors ToTensors(ForecastModel model)
    {
        var file = new SafeTensors();
        file.Metadata[FormatKey] = FormatOf(model.Config);
        file.Metadata[ConfigKey] = JsonSerializer.Serialize(model.Config, ModelJson.Default.ModelConfig);
        foreach (Parameter p in model.Layout.All)
        {
            // Padding to whole vectors is this program's affair and stays out of the file.
            var values = new float[p.Rows * p.Columns];
            for (int row = 0; row < p.Rows; row++)
            {
                model.Weights.Span.Slice(p.Offset + row * p.Stride, p.Columns).CopyTo(values.AsSpan(row * p.Columns));
            }
            file.Tensors[p.Name] = p.Rows == 1 ? Tensor.Of(values, p.Columns) : Tensor.Of(values, p.Rows, p.Columns);
        }
        WriteAnchor(file, "time.anchor", model.TimeHead);
        for (int i = 0; i < model.ValueMixtures.Count; i++)
        {
            WriteAnchor(file, $"value.anchor.{i}", model.ValueMixtures[i]);
        }
        model.Baselines.Write(file.Tensors);
        return file;
    }

    /// <summary>The model in a file's tensors and metadata.</summary>
    /// <exception cref="InvalidDataException">Something is missing, has another shape or is not finite.</exception>
    public static ForecastModel FromTensors(SafeTensors file)
    {
        if (!file.Metadata.TryGetValue(FormatKey, out string? format)
            || format is not (Plain or Censored or Later or FirstAdapting or Adapting or Beside))
        {
            throw new InvalidDataException($"It is no Foretell model that this program knows: metadata '{FormatKey}' must be '{Plain}', '{Censored}', '{Later}', '{Adapting}' or '{Beside}', got '{format ?? "nothing"}'.");
        }
        ModelConfig config = ReadConfig(file);
        if (format != FormatOf(config) && !(format == FirstAdapting && config.Adapt))
        {
            throw new InvalidDataException($"Metadata '{FormatKey}' must be '{FormatOf(config)}' for this configuration ('{Beside}' where it has values, labels or the remaining time, '{Adapting}' where 'adapt' is true, '{Later}' where 'ties' is above 0 or 'hasOtherMark' true, '{Censored}' where 'censored' is true, else '{Plain}'), got '{format}'.");
        }
        var layout = new ParameterLayout(config);
        // All of them are looked for before there is memory for any: a line of configuration can ask for gigabytes.
        Tensor[] tensors = [.. layout.All.Select(p => Take(file, p.Name, TensorType.F32, p.Rows == 1 ? [p.Columns] : [p.Rows, p.Columns]))];
        var weights = new AlignedBuffer(layout.Length);
        foreach ((Parameter p, Tensor tensor) in layout.All.Zip(tensors))
        {
            float[] values = tensor.ToFloats();
            RequireFinite(p.Name, Array.TrueForAll(values, float.IsFinite));
            for (int row = 0; row < p.Rows; row++)
            {
                values.AsSpan(row * p.Columns, p.Columns).CopyTo(weights.Span[(p.Offset + row * p.Stride)..]);
            }
        }
        NormalMixture time = ReadAnchor(file, "time.anchor", config.Components);
        var timeHead = new TimeHead(config, time.LogWeight, time.Mean, time.Deviation);
        int forecast = config.ForecastsValues ? config.Values!.Count : 0;
        return new ForecastModel(config, weights, timeHead, Baselines.Read(config, file.Tensors),
            [.. Enumerable.Range(0, forecast).Select(i => new ValueMixture(ReadAnchor(file, $"value.anchor.{i}", ValueMixture.Parts)))]);
    }

    private static void WriteAnchor(SafeTensors file, string name, AnchoredMixture mixture)
    {
        int k = mixture.Components;
        file.Tensors[name + ".log_weight"] = Tensor.Of(mixture.AnchorLogWeight, k);
        file.Tensors[name + ".mean"] = Tensor.Of(mixture.AnchorMean, k);
        file.Tensors[name + ".deviation"] = Tensor.Of(mixture.AnchorDeviation, k);
    }

    private static NormalMixture ReadAnchor(SafeTensors file, string name, int components)
    {
        double[] deviation = Doubles(file, name + ".deviation", components);
        RequireFinite(name + ".deviation", Array.TrueForAll(deviation, x => x > 0));
        return new NormalMixture(Doubles(file, name + ".log_weight", components), Doubles(file, name + ".mean", components), deviation);
    }

    /// <summary>A program that does not know of censored models, of ties, of folded marks, of adaptation, or of values and labels
    /// would forecast wrongly with them, so the file tells it to stop.</summary>
    private static string FormatOf(ModelConfig config) =>
        config.Values is not null || config.Decisions is not null || config.Labels is not null || config.Remaining is not null ? Beside
        : config.Adapt ? Adapting : config.Ties > 0 || config.HasOtherMark ? Later : config.Censored ? Censored : Plain;

    private static ModelConfig ReadConfig(SafeTensors file)
    {
        if (!file.Metadata.TryGetValue(ConfigKey, out string? json))
        {
            throw new InvalidDataException($"Metadata '{ConfigKey}' is missing.");
        }
        try
        {
            ModelConfig config = JsonSerializer.Deserialize(json, ModelJson.Default.ModelConfig)
                ?? throw new InvalidDataException($"Metadata '{ConfigKey}' is null.");
            config.Validate();
            return config.Values is null || config.ForecastsValues ? config
                : throw new InvalidDataException($"Metadata '{ConfigKey}' has values and no 'forecastsValues': no step reads them so.");
        }
        catch (Exception e) when (e is JsonException or ArgumentException or NotSupportedException or InvalidOperationException)
        {
            throw new InvalidDataException($"Metadata '{ConfigKey}' is no model configuration: {e.Message}", e);
        }
    }

    private static double[] Doubles(SafeTensors file, string name, int length)
    {
        double[] values = Take(file, name, TensorType.F64, [length]).ToDoubles();
        RequireFinite(name, Array.TrueForAll(values, double.IsFinite));
        return values;
    }

    private static Tensor Take(SafeTensors file, string name, TensorType type, long[] shape)
    {
        if (!file.Tensors.TryGetValue(name, out Tensor? tensor))
        {
            throw new InvalidDataException($"Tensor '{name}' is missing.");
        }
        if (tensor.Type != type || !tensor.Shape.SequenceEqual(shape))
        {
            throw new InvalidDataException(
                $"Tensor '{name}' must be {type} [{string.Join(", ", shape)}], got {tensor.Type} [{string.Join(", ", tensor.Shape)}].");
        }
        return tensor;
    }

    private static void RequireFinite(string name, bool holds)
    {
        if (!holds)
        {
            throw new InvalidDataException($"Tensor '{name}' holds numbers out of range: the file is damaged or its training diverged.");
        }
    }
}

[JsonSerializable(typeof(ModelConfig))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectRequiredConstructorParameters = true)]
internal sealed partial class ModelJson : JsonSerializerContext;
