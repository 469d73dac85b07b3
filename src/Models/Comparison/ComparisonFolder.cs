using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Foretell.Models.Files;
using Foretell.Models.Horizons;
using Foretell.Models.Network;

namespace Foretell.Models.Comparison;

/// <summary>Where a comparison keeps what is finished: a file a training with its model, and a file a score.</summary>
/// <remarks>
/// Files appear whole or not at all and are never changed, so a comparison that was stopped goes on from them, and the table
/// can be made anew without training. Their names carry form, rate, seed and a fingerprint of the settings.
/// </remarks>
public sealed class ComparisonFolder
{
    private const string SettingsFile = "settings.json";

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        // A score that is not finite is a finding; failing to write it would hide it.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly string _mark;

    /// <summary>Opens a folder, or begins one.</summary>
    /// <param name="path">The folder; made where it is missing.</param>
    /// <param name="settings">What is to be compared.</param>
    /// <exception cref="InvalidDataException">The folder belongs to a comparison of other data or settings.</exception>
    public ComparisonFolder(string path, ComparisonSettings settings)
    {
        Path = System.IO.Path.GetFullPath(path);
        Directory.CreateDirectory(At("trainings"));
        Directory.CreateDirectory(At("scores"));
        if (Read<ComparisonSettings>(SettingsFile) is { } before)
        {
            // Read and written again, a setting that did not exist when the folder was begun stands at its default.
            RequireSame(JsonSerializer.SerializeToElement(before, s_json), JsonSerializer.SerializeToElement(settings, s_json), "");
        }
        else
        {
            WriteWhole(SettingsFile, JsonSerializer.SerializeToUtf8Bytes(settings, s_json));
        }
        _mark = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(At(SettingsFile))))[..8];
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>A finished training, or null.</summary>
    public TrainingRecord? FindTraining(ComparisonForm form, double rate, int seed) =>
        Read<TrainingRecord>(Training(form, rate, seed) + ".json");

    /// <summary>The model of a finished training.</summary>
    public ForecastModel LoadModel(TrainingRecord training) =>
        ForecastModel.Load(At(Training(ComparisonForm.Parse(training.Form), training.Rate, training.Seed) + ".safetensors"));

    /// <summary>Keeps a training, and its model where it did not diverge.</summary>
    public void Keep(TrainingRecord training, ForecastModel? model)
    {
        string name = Training(ComparisonForm.Parse(training.Form), training.Rate, training.Seed);
        // The model goes first: a training counts as finished once its record is there.
        model?.Save(At(name + ".safetensors"));
        WriteWhole(name + ".json", JsonSerializer.SerializeToUtf8Bytes(training, s_json));
    }

    /// <summary>A finished score, or null.</summary>
    /// <param name="form">Form or simple method.</param>
    /// <param name="states">Events kept; 0 for forms that are not bounded.</param>
    /// <param name="seed">Seed of the training; 0 for a simple method.</param>
    public ScoreRecord? FindScore(string form, int states, int seed) => Read<ScoreRecord>(Score(form, states, seed));

    /// <summary>Keeps a score.</summary>
    public void Keep(ScoreRecord score) =>
        WriteWhole(Score(score.Form, score.States, score.Seed), JsonSerializer.SerializeToUtf8Bytes(score, s_json));

    /// <summary>A finished score of whole horizons, or null.</summary>
    /// <param name="form">Name of the form, as in its score.</param>
    /// <param name="states">Events kept; 0 for forms that are not bounded.</param>
    /// <param name="seed">Seed of the training.</param>
    public HorizonScore? FindHorizons(string form, int states, int seed) => Read<HorizonScore>(Horizons(form, states, seed));

    /// <summary>Keeps a score of whole horizons.</summary>
    public void Keep(string form, int states, int seed, HorizonScore score)
    {
        Directory.CreateDirectory(At("horizons"));
        WriteWhole(Horizons(form, states, seed), JsonSerializer.SerializeToUtf8Bytes(score, s_json));
    }

    private string Training(ComparisonForm form, double rate, int seed) =>
        FormattableString.Invariant($"trainings/{form.Name}-rate{rate}-seed{seed}-{_mark}");

    private string Score(string form, int states, int seed) => "scores/" + Named(form, states, seed);

    private string Horizons(string form, int states, int seed) => "horizons/" + Named(form, states, seed);

    private string Named(string form, int states, int seed) =>
        FormattableString.Invariant($"{form}{(states > 0 ? $"-{states}" : "")}-seed{seed}-{_mark}.json");

    private string At(string name) => System.IO.Path.Combine(Path, name);

    private T? Read<T>(string name)
    {
        string path = At(name);
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<T>(File.ReadAllBytes(path), s_json) : default;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(
                $"{path} cannot be read ({e.Message.TrimEnd('.')}). Delete it, and the same command makes it anew.", e);
        }
    }

    private void WriteWhole(string name, byte[] bytes)
    {
        // What training took hours for outlives the loss of power.
        string path = At(name);
        DurableNames.Write(path, bytes, path + ".part");
    }

    /// <summary>Names the first setting that differs.</summary>
    private void RequireSame(JsonElement before, JsonElement now, string name)
    {
        if (now.ValueKind == JsonValueKind.Object && before.ValueKind == JsonValueKind.Object)
        {
            foreach (string property in now.EnumerateObject().Concat(before.EnumerateObject()).Select(p => p.Name).Distinct())
            {
                RequireSame(Of(before, property), Of(now, property), name == "" ? property : $"{name}.{property}");
            }
        }
        else if (Text(before) != Text(now))
        {
            bool isData = name.StartsWith("train.", StringComparison.Ordinal) || name.StartsWith("dev.", StringComparison.Ordinal)
                || name.StartsWith("test.", StringComparison.Ordinal);
            throw new InvalidDataException($"The folder {Path} holds a comparison of other {(isData ? "data" : "settings")}: "
                + $"{name} was {Text(before)} and is {Text(now)} now. Name another folder, or repeat the command that began this one.");
        }

        static JsonElement Of(JsonElement element, string property) =>
            element.TryGetProperty(property, out JsonElement value) ? value : default;
        static string Text(JsonElement element) =>
            element.ValueKind == JsonValueKind.Undefined ? "not set" : JsonSerializer.Serialize(element);
    }
}
