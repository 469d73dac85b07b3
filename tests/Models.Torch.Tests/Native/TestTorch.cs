using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Foretell.Models.Torch.Tests.Native;

/// <summary>Torch for the tests: makes its library in this output load where libstdc++ is too old for it, or tells why a test is
/// skipped.</summary>
internal static class TestTorch
{
    private const string Version = "GLIBCXX_3.4.32";

    /// <summary>TorchSharp's own library in this output.</summary>
    public static string Bridge { get; } =
        Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");

    /// <summary>The CPU with one thread; skips the test at work, saying so, where Torch cannot run.</summary>
    public static TorchDevice Cpu()
    {
        Assert.SkipWhen(TorchLibrary.Missing is not null, TorchLibrary.Missing ?? "");
        return TorchDevice.Cpu(threads: 1);
    }

    /// <summary>Before anything asks for the library: whoever tried to load it once is told the same ever after.</summary>
    [ModuleInitializer]
    internal static void MakeLoadable()
    {
        if (!File.Exists(Bridge) || !OperatingSystem.IsLinux() || LoaderMessage() is not { } message || !message.Contains(Version))
        {
            return;
        }
        byte[] library = File.ReadAllBytes(Bridge);
        if (VersionNeeds.Weaken(library, Version))
        {
            // In place of the copy, not into it: the build may have linked it to the package's own file.
            string changed = Bridge + ".weak";
            File.WriteAllBytes(changed, library);
            File.Move(changed, Bridge, overwrite: true);
        }
    }

    /// <summary>What the loader has against the library; null where it loads.</summary>
    private static string? LoaderMessage()
    {
        try
        {
            NativeLibrary.Free(NativeLibrary.Load(Bridge));
            return null;
        }
        catch (DllNotFoundException e)
        {
            return e.Message;
        }
    }
}
