using System.Security.Cryptography;
using Foretell.Models.Network;
using Foretell.Silo.Settings;

namespace Foretell.Silo;

/// <summary>Reads a silo's model: a file, or a web address that names the file's SHA-256 behind it.</summary>
/// <remarks>A model that is too large for a ConfigMap lies on any web server then, and no silo takes another one for it.</remarks>
internal static class ModelSource
{
    private const string Checksum = "#sha256=";

    /// <summary>More than a model file may have.</summary>
    private const long MostBytes = 1L << 30;

    /// <summary>Reads it.</summary>
    /// <param name="model">The setting.</param>
    /// <exception cref="SettingsException">It cannot be read, or is not what its checksum says.</exception>
    public static async Task<ForecastModel> LoadAsync(string model)
    {
        try
        {
            return model.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
                || model.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
                ? ForecastModel.Parse(await DownloadAsync(model), model)
                : ForecastModel.Load(model);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or HttpRequestException
            or OperationCanceledException or UriFormatException)
        {
            throw new SettingsException(
                $"Foretell:Model is '{model}', which cannot be read: {e.Message} Give a model file, as 'foretell train' writes it, or the web address of one.", e);
        }
    }

    private static async Task<byte[]> DownloadAsync(string model)
    {
        int at = model.IndexOf(Checksum, StringComparison.OrdinalIgnoreCase);
        string expected = at < 0 ? "" : model[(at + Checksum.Length)..];
        if (expected.Length != 64 || !expected.All(char.IsAsciiHexDigit))
        {
            throw new SettingsException($"Foretell:Model is '{model}', a web address without a checksum. Write {Checksum} and the 64 hex digits of the file's SHA-256 behind it (sha256sum FILE).");
        }
        using var client = new HttpClient { MaxResponseContentBufferSize = MostBytes };
        byte[] file = await client.GetByteArrayAsync(new Uri(model[..at]));
        string actual = Convert.ToHexStringLower(SHA256.HashData(file));
        return actual.Equals(expected, StringComparison.OrdinalIgnoreCase) ? file
            : throw new SettingsException($"Foretell:Model is '{model}', and what lies there has the SHA-256 {actual}. Give the checksum of the file that is meant, or put that file there.");
    }
}
