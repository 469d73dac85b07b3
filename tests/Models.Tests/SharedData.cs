using System.Text.Json;

namespace Foretell.Models.Tests;

/// <summary>The real event sets beside the repository, at ../shared/data.</summary>
internal static class SharedData
{
    /// <summary>The folder, or null where it is missing.</summary>
    public static string? Folder { get; } = FindFolder();

    /// <summary>Sequences of one file, as "taxi/train".</summary>
    public static List<EventSequence> Read(string name)
    {
        List<EventSequence> sequences = [];
        foreach (string line in File.ReadLines(Path.Combine(Folder!, name + ".jsonl")))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            sequences.Add(new EventSequence(root.GetProperty("id").GetString()!,
                [.. root.GetProperty("t").EnumerateArray().Select(t => t.GetDouble())],
                root.TryGetProperty("k", out JsonElement marks) ? [.. marks.EnumerateArray().Select(k => k.GetRawText())] : null));
        }
        return sequences;
    }

    private static string? FindFolder()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Platform.sln")))
        {
            folder = folder.Parent;
        }
        string? data = folder is null ? null : Path.GetFullPath(Path.Combine(folder.FullName, "..", "shared", "data"));
        return Directory.Exists(data) ? data : null;
    }
}

/// <summary>A test on real data; skipped, saying so, where it is not at hand.</summary>
public sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute()
    {
        if (SharedData.Folder is null)
        {
            Skip = SharedDataTheoryAttribute.Reason;
        }
    }
}

/// <summary>The same for a theory.</summary>
public sealed class SharedDataTheoryAttribute : TheoryAttribute
{
    internal const string Reason = "The real event sets are not at ../shared/data beside the repository.";

    public SharedDataTheoryAttribute()
    {
        if (SharedData.Folder is null)
        {
            Skip = Reason;
        }
    }
}
