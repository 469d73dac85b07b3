using Foretell.Models.Torch.Tests.Native;
using Foretell.Support;

namespace Foretell.Models.Torch.Tests;

/// <summary>What is told where Torch is not there or does not load. Each folder stands for a program's.</summary>
public sealed class TorchLibraryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhyNot_WhenTheEditionHasNoTorch_SaysHowToBuildOneThatHas() =>
        Assert.Equal("This edition of Foretell was built without Torch. Build it with -p:TorchBackend=cpu, or cuda for a GPU (docs/gpu.md).",
            TorchLibrary.WhyNot(_folder.Path));

    [Fact]
    public void WhyNot_WhenALibraryIsMissing_NamesIt()
    {
        RequireLinux();
        Put("TorchSharp.dll");
        Put("runtimes/linux-x64/native/libLibTorchSharp.so");

        string? reason = TorchLibrary.WhyNot(_folder.Path);

        Assert.Contains($"{_folder.At("runtimes/linux-x64/native/libtorch_cpu.so")} is not there", reason);
        Assert.Contains("-p:TorchBackend=cpu", reason);
    }

    [Fact]
    public void WhyNot_WhenTheLibraryIsBroken_GivesTheLoadersReasonInOneLine()
    {
        RequireLinux();
        Put("TorchSharp.dll");
        Put("libtorch_cpu.so");
        Put("libLibTorchSharp.so");

        string? reason = TorchLibrary.WhyNot(_folder.Path);

        Assert.StartsWith("Torch cannot be loaded: ", reason);
        Assert.Contains("libLibTorchSharp.so", reason);
        Assert.DoesNotContain('\n', reason!);
    }

    [Theory]
    [InlineData("Unable to load shared library '/x/libLibTorchSharp.so' or one of its dependencies. In order to help diagnose loading problems, consider using a tool like strace.\n/lib/x86_64-linux-gnu/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by /x/libLibTorchSharp.so)\n",
        "Torch cannot be loaded: libLibTorchSharp.so needs GLIBCXX_3.4.32, which /lib/x86_64-linux-gnu/libstdc++.so.6 does not have. Use a system with libstdc++ of GCC 13.2 or newer, such as Debian 13 or Ubuntu 24.04.")]
    [InlineData("Unable to load shared library.\nlibtorch_cpu.so: cannot open shared object file: No such file or directory\n",
        "Torch cannot be loaded: it needs libtorch_cpu.so, which is not on this system.")]
    [InlineData("first line\n/x/libLibTorchSharp.so: file too short", "Torch cannot be loaded: /x/libLibTorchSharp.so: file too short")]
    public void Explain_WhenTheLoaderRefuses_SaysWhatIsMissing(string message, string expected) =>
        Assert.Equal(expected, TorchLibrary.Explain(message));

    [Fact]
    public void Cuda_WhenTheEditionIsTheCpus_SaysWhichOneIsNeeded()
    {
        TestTorch.Cpu();

        string message = Assert.Throws<TorchUnavailableException>(() => TorchDevice.Cuda(threads: 1)).Message;

        Assert.Contains("Torch for the CPU and not for CUDA", message);
        Assert.False(TorchDevice.HasCuda);
    }

    [Fact]
    public void Cpu_WhenItIsOpened_LeavesNoCopiesOfLibrariesBehind()
    {
        TestTorch.Cpu();

        Assert.DoesNotContain(Directory.EnumerateDirectories(AppContext.BaseDirectory), d => Path.GetFileName(d) is "cpu" or "cuda");
    }

    private static void RequireLinux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Torch's libraries are Linux's.");

    private void Put(string file)
    {
        string path = _folder.At(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "not a library");
    }
}
