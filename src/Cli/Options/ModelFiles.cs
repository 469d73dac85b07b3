using Foretell.Cli.Shell;
using Foretell.Models.Network;

namespace Foretell.Cli.Options;

/// <summary>Opens weights files named on the command line.</summary>
internal static class ModelFiles
{
    /// <summary>The small general model that is delivered with the program.</summary>
    public static string BuiltIn { get; } = Path.Combine(AppContext.BaseDirectory, "Models", "demo.safetensors");

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
}
