namespace Foretell.Silo.Tests.Support;

/// <summary>Which program runs as a silo, and how.</summary>
public sealed record SiloLaunch
{
    /// <summary>The program of this source tree.</summary>
    public static SiloLaunch Today { get; } = new();

    /// <summary>The program of a release to come (tests/Silo.Next), built by the same configuration as these tests.</summary>
    public static SiloLaunch Next { get; } =
        new() { Program = Path.Combine(AppContext.BaseDirectory.Replace("Silo.Tests", "Silo.Next"), "foretell-silo-next.dll") };

    /// <summary>Path of the program.</summary>
    public string Program { get; init; } = Path.Combine(AppContext.BaseDirectory, "foretell-silo.dll");

    /// <summary>Command that runs it, such as one that enters a network namespace.</summary>
    public string[] Prefix { get; init; } = [];

    /// <summary>Environment variables beside the settings.</summary>
    public Dictionary<string, string> Environment { get; init; } = [];
}
