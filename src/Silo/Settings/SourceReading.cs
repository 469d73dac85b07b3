using Foretell.Ingest.Messages;
using Foretell.Ingest.Sources;

namespace Foretell.Silo.Settings;

/// <summary>The settings that every broker has: where to begin, what to do about losses, what is where in its events.</summary>
internal static class SourceReading
{
    /// <summary>Settings From and OnLoss.</summary>
    /// <exception cref="SettingsException">One of them is wrong.</exception>
    public static SourceOptions Options(SettingsSection section) => Start(section, section.Text("From", "start")) with
    {
        OnLoss = section.Text("OnLoss", "stop") switch
        {
            "stop" => LossPolicy.Stop,
            "skip" => LossPolicy.Skip,
            var other => throw new SettingsException($"{section.Name("OnLoss")} is '{other}'. Give stop or skip."),
        },
    };

    /// <summary>Setting Map; null without it.</summary>
    /// <exception cref="SettingsException">It is wrong.</exception>
    public static MessageMapping? Mapping(SettingsSection section) =>
        section.OptionalText("Map") is { } map ? section.Checked("Map", () => MessageMapping.Parse(map)) : null;

    private static SourceOptions Start(SettingsSection section, string text) => SourceOptions.BeginningAt(text)
        ?? throw new SettingsException($"{section.Name("From")} is '{text}'. Give start, end or a time (RFC 3339 with an offset, or Unix seconds).");
}
