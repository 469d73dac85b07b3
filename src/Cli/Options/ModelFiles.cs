using Foretell.Cli.Shell;
using Foretell.Models.Network;

namespace Foretell.Cli.Options;

/// <summary>Opens weights files named on the command line.</summary>
internal static class ModelFiles
{
    /// <summary>The demo's model.</summary>
    public static string Demo { get; } = Delivered("demo.safetensors");

    /// <summary>The small general model for a user's own events, until there is a trained one: times of any pace, no marks.</summary>
    public static string General { get; } = Delivered("general.safetensors");

    /// <exception cref="CliException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no model.</exception>
    public static ForecastModel Load(string path)
    {
        if (!File.Exists(path))
        {
            throw new CliException(Directory.Exists(path)
                ? $"The model must be a file, but {path} is a folder."
                : $"There is no model file {path}; train one with 'foretell train'.");
        }
        return ForecastModel.Load(path);
    }

    private static string Delivered(string name) => Path.Combine(AppContext.BaseDirectory, "Models", name);
}
