using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Foretell.Cli.Shell;

namespace Foretell.Cli.Options;

/// <summary>Options that check their own values and say in a sentence what is allowed.</summary>
internal static class Settings
{
    /// <summary>An option that takes any text.</summary>
    public static Option<string> Text(string name, string valueName, string description, bool required = false, string? fallback = null)
    {
        var option = new Option<string>(name) { Description = description, HelpName = valueName, Required = required };
        if (fallback is not null)
        {
            option.DefaultValueFactory = _ => fallback;
        }
        return option;
    }

    /// <summary>Names with commas between them.</summary>
    public static string[] List(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A switch.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>A number within bounds.</summary>
    public static Option<T> Number<T>(string name, string description, T min, T max, T fallback) where T : struct, INumber<T>
    {
        Option<T> option = Parsed(name, "n", description, text => Check(name, text, min, max));
        option.DefaultValueFactory = _ => fallback;
        return option;
    }

    /// <summary>A number within bounds, or nothing.</summary>
    public static Option<T?> OptionalNumber<T>(string name, string description, T min, T max) where T : struct, INumber<T> =>
        Parsed<T?>(name, "n", description, text => Check(name, text, min, max));

    /// <summary>An option whose text <paramref name="parse"/> turns into a value.</summary>
    /// <param name="name">With its dashes.</param>
    /// <param name="valueName">What the help calls the value.</param>
    /// <param name="description">For the help.</param>
    /// <param name="parse">Throws <see cref="CliException"/> with the sentence to show, or <see cref="FormatException"/> with one that the
    /// option's name goes before.</param>
    public static Option<T> Parsed<T>(string name, string valueName, string description, Func<string, T> parse) =>
        new(name) { Description = description, HelpName = valueName, CustomParser = result => Run(name, result, parse) };

    /// <summary>An option that is kept as typed, so that the help shows its default as one would type it, and checked by
    /// <paramref name="parse"/>.</summary>
    public static Option<string> Typed<T>(string name, string valueName, string description, string fallback, Func<string, T> parse)
    {
        Option<string> option = Parsed(name, valueName, description, text =>
        {
            parse(text);
            return text;
        });
        option.DefaultValueFactory = _ => fallback;
        return option;
    }

    /// <summary>Parses what an option says, and says which option is wrong.</summary>
    /// <exception cref="CliException">A <see cref="FormatException"/>, with the option's name.</exception>
    public static T Checked<T>(string name, Func<T> parse)
    {
        try
        {
            return parse();
        }
        catch (FormatException bad)
        {
            throw new CliException($"{name}: {bad.Message}", bad);
        }
    }

    private static T? Run<T>(string name, ArgumentResult result, Func<string, T> parse)
    {
        try
        {
            return Checked(name, () => parse(result.Tokens[0].Value));
        }
        catch (CliException bad)
        {
            result.AddError(bad.Message);
            return default;
        }
    }

    private static T Check<T>(string name, string text, T min, T max) where T : struct, INumber<T>
    {
        string kind = typeof(T) == typeof(double) ? "a number" : "a whole number";
        return T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out T value) && value >= min && value <= max
            ? value
            : throw new CliException(string.Create(CultureInfo.InvariantCulture,
                $"{name} must be {kind} from {min} to {max}, got '{text}'."));
    }
}
