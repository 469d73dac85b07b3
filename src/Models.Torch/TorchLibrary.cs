using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Foretell.Models.Torch;

/// <summary>Torch's native libraries beside the program: which are there, and whether they load.</summary>
/// <remarks>
/// Uses nothing of TorchSharp's. That answers a library that does not load with sixty lines on standard output and a copy of half a
/// gigabyte, and keeps the loader's reason to itself; so the library is loaded here first, by its full path.
/// </remarks>
internal static partial class TorchLibrary
{
    private const string Managed = "TorchSharp.dll", Bridge = "libLibTorchSharp.so", Cpu = "libtorch_cpu.so", Cuda = "libtorch_cuda.so";

    private static readonly Lazy<string?> s_here = new(() => WhyNot(AppContext.BaseDirectory));

    /// <summary>Whether this edition was built with Torch, for any device.</summary>
    public static bool IsHere => File.Exists(Path.Combine(AppContext.BaseDirectory, Managed));

    /// <summary>Whether this edition was built with a GPU's libraries.</summary>
    public static bool HasCuda => IsHere && File.Exists(Path.Combine(Natives(AppContext.BaseDirectory), Cuda));

    /// <summary>Why Torch cannot run in this process, in a sentence; null where it can.</summary>
    public static string? Missing => s_here.Value;

    /// <exception cref="TorchUnavailableException">Torch cannot run in this process.</exception>
    public static void Require()
    {
        if (Missing is { } reason)
        {
            throw new TorchUnavailableException(reason);
        }
    }

    /// <summary>Why the Torch in a program's folder cannot run, in a sentence; null where it can. A library that loads stays
    /// loaded.</summary>
    public static string? WhyNot(string folder)
    {
        if (!File.Exists(Path.Combine(folder, Managed)))
        {
            return "This edition of Foretell was built without Torch. Build it with -p:TorchBackend=cpu, or cuda for a GPU (docs/gpu.md).";
        }
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return $"Torch comes with Foretell for Linux on x64 only, and this is {RuntimeInformation.RuntimeIdentifier}.";
        }
        string natives = Natives(folder);
        foreach (string file in new[] { Cpu, Bridge })
        {
            if (!File.Exists(Path.Combine(natives, file)))
            {
                return $"Torch's library {Path.Combine(natives, file)} is not there. Build with -p:TorchBackend=cpu, or cuda for a GPU, and copy the whole output (docs/gpu.md).";
            }
        }
        try
        {
            NativeLibrary.Load(Path.Combine(natives, Bridge));
            return null;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            return Explain(e.Message);
        }
    }

    /// <summary>The loader's reason as a sentence that says what to install.</summary>
    internal static string Explain(string loaderMessage)
    {
        Match version = VersionNeed().Match(loaderMessage), file = FileNeed().Match(loaderMessage);
        return version.Success
            ? $"Torch cannot be loaded: {Path.GetFileName(version.Groups["by"].Value)} needs {version.Groups["version"].Value}, which {version.Groups["in"].Value} does not have. "
                + "Use a system with libstdc++ of GCC 13.2 or newer, such as Debian 13 or Ubuntu 24.04."
            : file.Success
            ? $"Torch cannot be loaded: it needs {file.Groups["file"].Value}, which is not on this system."
            : $"Torch cannot be loaded: {loaderMessage.Trim().Split('\n')[^1].Trim()}";
    }

    /// <summary>Where a program keeps its native libraries: in a folder for each platform, or beside it where it was built for
    /// one.</summary>
    private static string Natives(string folder)
    {
        string portable = Path.Combine(folder, "runtimes", "linux-x64", "native");
        return File.Exists(Path.Combine(portable, Bridge)) ? portable : folder;
    }

    [GeneratedRegex(@"(?<in>[^\s:]+): version `(?<version>[^']+)' not found \(required by (?<by>[^)]+)\)")]
    private static partial Regex VersionNeed();

    [GeneratedRegex(@"(?<file>[^\s:]+): cannot open shared object file")]
    private static partial Regex FileNeed();
}
