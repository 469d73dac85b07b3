using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;

namespace Foretell.Silo.Settings;

/// <summary>Reads settings one by one, and says in a sentence what is wrong with one and what is allowed.</summary>
internal sealed class SettingsSection(IConfigurationSection section, string path = "Foretell")
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    public string? OptionalText(string name)
    {
        _known.Add(name);
        return string.IsNullOrWhiteSpace(section[name]) ? null : section[name];
    }

    /// <summary>The text in the file that a setting names, without its last line break.</summary>
    public string? FileText(string name)
    {
        if (OptionalText(name) is not { } path)
        {
            return null;
        }
        try
        {
            return File.ReadAllText(path).TrimEnd('\r', '\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{Name(name)} is '{path}', which cannot be read: {e.Message} Give a file with the password in it, and nothing else.", e);
        }
    }

    /// <summary>A text; null as <paramref name="fallback"/> makes it mandatory.</summary>
    public string Text(string name, string? fallback) => OptionalText(name) ?? fallback ?? throw new SettingsException(
        $"{Name(name)} is missing. Set it in appsettings.json or as the environment variable {path.Replace(":", "__").ToUpperInvariant()}__{name.ToUpperInvariant()}.");

    public IReadOnlyList<string> Names(string name, IReadOnlyList<string> allowed)
    {
        string[] names = (OptionalText(name) ?? string.Join(',', allowed))
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        string[] unknown = [.. names.Except(allowed)];
        return unknown.Length == 0 && names.Length > 0 ? [.. names.Distinct()] : throw new SettingsException(
            $"{Name(name)} is '{section[name]}'. Give one or more of {string.Join(", ", allowed)}, separated by commas.");
    }

    /// <summary>A list of texts, an element each (NAME:0, NAME:1 and on); empty where there is none.</summary>
    public IReadOnlyList<string> Texts(string name) => OptionalText(name) is { } text
        ? throw new SettingsException($"{Name(name)} is '{text}'. Give a list, whose elements are {Name(name)}:0, {Name(name)}:1 and so on.")
        : [.. section.GetSection(name).GetChildren().Select(child => child.Value).OfType<string>().Where(t => t.Length > 0).Distinct()];

    public int? OptionalNumber(string name, int minimum, int maximum) => OptionalText(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            && value >= minimum && value <= maximum ? value
        : throw new SettingsException($"{Name(name)} is '{text}'. Give a whole number from {minimum} to {maximum}.");

    public int Number(string name, int fallback, int minimum, int maximum) => OptionalNumber(name, minimum, maximum) ?? fallback;

    public TimeSpan? Seconds(string name, double? fallback, double minimum, double maximum)
    {
        if (OptionalText(name) is not { } text)
        {
            return fallback is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        }
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= minimum
            && value <= maximum
            ? TimeSpan.FromSeconds(value)
            : throw new SettingsException(string.Create(CultureInfo.InvariantCulture,
                $"{Name(name)} is '{text}'. Give a number of seconds from {minimum} to {maximum}."));
    }

    public bool Flag(string name) => OptionalText(name) is { } text
        && (bool.TryParse(text, out bool value) ? value : throw new SettingsException($"{Name(name)} is '{text}'. Give true or false."));

    public IPAddress Address(string name, IPAddress fallback) => OptionalText(name) is not { } text ? fallback
        : IPAddress.TryParse(text, out IPAddress? address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any) ? address
        : throw new SettingsException(
            $"{Name(name)} is '{text}'. Give the IP address at which the other silos reach this one, such as 10.0.0.7.");

    /// <summary>Parses a setting, and says which one is wrong.</summary>
    public T Checked<T>(string name, Func<T> parse)
    {
        try
        {
            return parse();
        }
        catch (FormatException bad)
        {
            throw new SettingsException($"{Name(name)}: {bad.Message}", bad);
        }
    }

    /// <summary>The sections below one, by the names that somebody gave them.</summary>
    public IEnumerable<(string Name, SettingsSection Settings)> Named(string name)
    {
        _known.Add(name);
        return section.GetSection(name).GetChildren().Select(child => (child.Key, new SettingsSection(child, $"{path}:{name}:{child.Key}")));
    }

    /// <summary>A misspelt setting would be ignored in silence otherwise.</summary>
    public void RefuseUnknown()
    {
        foreach (IConfigurationSection child in section.GetChildren())
        {
            if (!_known.Contains(child.Key))
            {
                throw new SettingsException(
                    $"{Name(child.Key)} is not a setting. There are: {string.Join(", ", _known.Order(StringComparer.Ordinal))}.");
            }
        }
    }

    /// <summary>A setting as an operator writes it.</summary>
    public string Name(string name) => $"{path}:{name}";
}
