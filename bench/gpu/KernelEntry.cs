using System.Globalization;
using System.Text.RegularExpressions;

namespace Foretell.Bench.Gpu;

/// <summary>A kernel's entry point as its PTX declares it.</summary>
/// <param name="Name">Name of the function.</param>
/// <param name="Parameters">Its parameters in order.</param>
/// <param name="Target">Least GPU that runs it: 80 for compute capability 8.0.</param>
internal sealed partial record KernelEntry(string Name, IReadOnlyList<KernelParameter> Parameters, int Target)
{
    /// <summary>Reads the one entry point of a PTX text.</summary>
    /// <exception cref="InvalidDataException">It has none or several, or a parameter that is no block of bytes.</exception>
    public static KernelEntry Read(string ptx)
    {
        MatchCollection entries = Entry().Matches(ptx);
        if (entries.Count != 1)
        {
            throw new InvalidDataException($"The PTX must have one entry point, got {entries.Count}.");
        }
        string[] declared = entries[0].Groups["parameters"].Value.Split(',', StringSplitOptions.TrimEntries);
        return new KernelEntry(entries[0].Groups["name"].Value, [.. declared.Select(Parse)],
            int.Parse(TargetLine().Match(ptx).Groups[1].Value, CultureInfo.InvariantCulture));
    }

    private static KernelParameter Parse(string declaration)
    {
        Match m = Parameter().Match(declaration);
        return m.Success ? new KernelParameter(m.Groups["name"].Value, int.Parse(m.Groups["bytes"].Value, CultureInfo.InvariantCulture))
            : throw new InvalidDataException($"A parameter must be a block of bytes (.b8 name[n]), got '{declaration}'.");
    }

    [GeneratedRegex(@"\.entry\s+(?<name>\w+)\s*\((?<parameters>[^)]*)\)")]
    private static partial Regex Entry();

    /// <summary>ILGPU puts a number of its own behind each name.</summary>
    [GeneratedRegex(@"^\.param\s+\.align\s+\d+\s+\.b8\s+_(?<name>[a-z]+)_\d+\[(?<bytes>\d+)\]$")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"^\.target sm_(\d+)", RegexOptions.Multiline)]
    private static partial Regex TargetLine();
}

/// <summary>One parameter.</summary>
/// <param name="Name">Name in the kernel's source.</param>
/// <param name="Bytes">A view takes 16: address, then length in elements, both 64 bits. A structure takes its own size.</param>
internal sealed record KernelParameter(string Name, int Bytes);
