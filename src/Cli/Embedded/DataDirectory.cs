using Foretell.Cli.Options;
using Foretell.Cli.Shell;
using Foretell.Models.Network;

namespace Foretell.Cli.Embedded;

/// <summary>Which model a data directory belongs to: states mean nothing without the model that made them.</summary>
internal static class DataDirectory
{
    /// <summary>Where a host keeps its data unless it is told otherwise.</summary>
    public const string Default = "./foretell-data";

    /// <summary>Where a host that shows itself keeps the full texts of its log, in the data directory.</summary>
    public const string LogFile = "foretell.log";

    private const string ModelFile = "model.safetensors";

    /// <summary>The model to open a directory with: the one named, else the one kept there, else the one that comes with the
    /// program; in the variant that the settings choose.</summary>
    /// <param name="settings">Its data directory need not exist.</param>
    /// <param name="isBuiltIn">True when nobody chose this model.</param>
    /// <exception cref="UsageException">The settings name marks, and the model has others.</exception>
    public static ForecastModel FindModel(RunSettings settings, out bool isBuiltIn)
    {
        string kept = Path.Combine(settings.DataDirectory, ModelFile);
        isBuiltIn = settings.Model is null && !File.Exists(kept);
        ForecastModel model = ModelFiles.Load(settings.Model ?? (isBuiltIn ? ModelFiles.General : kept));
        if (settings.Marks is { } marks)
        {
            model = isBuiltIn ? model.WithMarks(marks) : model.Config.Marks.SequenceEqual(marks) ? model : throw new UsageException(
                $"--marks names the marks of a data folder that begins with the model that comes with the program; the model {model.Id} has its own. Leave --marks out, or name another --data-dir.");
        }
        return settings.Variant.Of(model);
    }

    /// <summary>Keeps the model with the states, so that the next start needs no --model.</summary>
    /// <remarks>Called once the platform has accepted the model for this directory.</remarks>
    public static void KeepModel(string directory, ForecastModel model)
    {
        string kept = Path.Combine(directory, ModelFile);
        if (!File.Exists(kept))
        {
            model.Save(kept);
        }
    }
}
