using System.Text.Json;
using System.Text.Json.Serialization;
using Foretell.Models.Files;

namespace Foretell.Web.Guards;

/// <summary>The file with a host's API keys: the same for an embedded host, in its data folder, and for silos, where it is mounted.
/// docs/formats.md describes it.</summary>
public static class KeyFile
{
    /// <summary>Its name in a data folder.</summary>
    public const string Name = "keys.json";

    private const int Version = 1;

    /// <summary>Reads a file's bytes.</summary>
    /// <param name="json">Them.</param>
    /// <param name="path">Where they are from, for the sentence.</param>
    /// <exception cref="InvalidDataException">It is no file of keys, one of a later release, or one of its keys cannot be used.</exception>
    public static IReadOnlyList<ApiKey> Parse(ReadOnlySpan<byte> json, string path)
    {
        Contents? contents;
        try
        {
            contents = JsonSerializer.Deserialize(json, KeyFileJson.Default.Contents);
        }
        catch (JsonException bad)
        {
            throw Damaged($"it is not the JSON that is expected, from line {bad.LineNumber + 1} on");
        }
        if (contents is not { Version: Version, Keys: { } keys })
        {
            throw Damaged(contents?.Version > Version ? $"a later release wrote it (version {contents.Version}, and this one knows {Version})"
                : "it has no keys");
        }
        if (keys.FirstOrDefault(k => k.Refuse() is not null) is { } wrong)
        {
            throw Damaged($"of key '{wrong.Id}' {wrong.Refuse()}");
        }
        return keys.Select(k => k.Id).Distinct().Count() == keys.Count ? keys : throw Damaged("two keys have the same id");

        InvalidDataException Damaged(string reason) => new(
            $"The API keys in {path} cannot be used: {reason}. Make them with 'foretell keys add', or bring back an older copy of the file.");
    }

    /// <summary>Changes the keys of a file, which is made when missing. Whoever reads it meanwhile sees all of the change or
    /// nothing.</summary>
    /// <exception cref="InvalidDataException">The file is damaged; nothing is changed.</exception>
    /// <exception cref="IOException">It cannot be written, or another change of it is under way.</exception>
    public static void Update(string path, Func<IReadOnlyList<ApiKey>, IReadOnlyList<ApiKey>> change)
    {
        string full = Path.GetFullPath(path);
        DurableNames.CreateFolder(Path.GetDirectoryName(full)!);
        using FileStream held = Hold(full + ".lock");
        IReadOnlyList<ApiKey> keys = File.Exists(full) ? Parse(File.ReadAllBytes(full), full) : [];
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(new Contents(Version, change(keys)), KeyFileJson.Default.Contents);
        // Only its owner reads a new one. There is no secret in it, but who has keys, and for what, is nobody else's business either.
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = File.Exists(full) ? File.GetUnixFileMode(full) : UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        string next = full + ".new";
        using (var file = new FileStream(next, options))
        {
            file.Write(json);
            file.Flush(flushToDisk: true);
        }
        // A key that was revoked does not come back with the power.
        DurableNames.Replace(next, full);
    }

    private static FileStream Hold(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new IOException($"Another program changes the keys beside {path}; try again in a moment.", e);
        }
    }

    internal sealed record Contents(int Version, IReadOnlyList<ApiKey> Keys);
}

/// <summary>Generated JSON code of the file.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(KeyFile.Contents))]
internal sealed partial class KeyFileJson : JsonSerializerContext;
