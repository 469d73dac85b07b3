using System.Runtime.CompilerServices;
using System.Text.Json;
using Foretell.Images.Tests.Building;
using Foretell.Support;

namespace Foretell.Images.Tests;

/// <summary>Containerfile.cuda, as far as the machine has what it asks for.</summary>
public sealed class CudaImageTests : IDisposable
{
    private const string Name = "localhost/foretell-silo-cuda:test";

    /// <summary>Stands where the SDK would, and leaves what it was asked to do in place of the program.</summary>
    private const string StandIn = """
        #!/bin/sh
        mkdir -p /app
        echo "$*" >/app/foretell-silo
        """;

    private readonly ImageStore _store = new();

    public void Dispose() => _store.Dispose();

    [ImageFact]
    public async Task Image_WhenAnotherPublishes_IsBuiltToTheEndAndAsksForCuda()
    {
        await BaseImages.MakeSdkAsync(_store, ("dotnet", StandIn));
        await BuildAsync(BaseImages.Sdk);

        JsonElement config = await _store.ConfigAsync(Name);

        Assert.Equal("publish src/Silo/Silo.csproj -c Release -r linux-x64 --no-self-contained -p:TorchBackend=cuda -o /app",
            (await File.ReadAllTextAsync(Path.Combine(await _store.UnpackAsync(Name), "app/foretell-silo"))).Trim());
        Assert.Equal("1654:1654", config.GetProperty("User").GetString());
        Assert.Equal("/app/foretell-silo", Assert.Single(config.GetProperty("Entrypoint").EnumerateArray()).GetString());
        Assert.Contains("NVIDIA_DRIVER_CAPABILITIES=compute,utility", config.GetProperty("Env").EnumerateArray().Select(e => e.GetString()));
    }

    [Theory]
    [InlineData("cuda", "libtorch-cuda-12.8-linux-x64")]
    [InlineData("none", null)]
    public async Task Project_WhenTorchForCudaIsAsked_TakesItsPackage(string backend, string? package)
    {
        string output = await Command.RunAsync("dotnet", "msbuild", Repository.At("src/Models.Torch/Models.Torch.csproj"),
            "-getItem:PackageReference", $"-p:TorchBackend={backend}");

        Assert.Equal(package, JsonDocument.Parse(output).RootElement.GetProperty("Items").GetProperty("PackageReference").EnumerateArray()
            .Select(i => i.GetProperty("Identity").GetString()!).SingleOrDefault(name => name.StartsWith("libtorch", StringComparison.Ordinal)));
    }

    [CudaPackageFact]
    public async Task Image_WhenThePackageIsThere_HoldsTorchForCuda()
    {
        await BaseImages.MakeRuntimeAsync(_store);
        await BaseImages.MakeSdkAsync(_store);
        await BuildAsync(BaseImages.Runtime, [.. BaseImages.SdkMounts()]);

        Assert.True(File.Exists(Path.Combine(await _store.UnpackAsync(Name), "app/libtorch_cuda.so")));
    }

    private Task BuildAsync(string runtime, params string[] more) => _store.BuildAsync(Name, Repository.At("Containerfile.cuda"),
        Repository.Root, ["--build-arg", $"SDK={BaseImages.Sdk}", "--build-arg", $"RUNTIME={runtime}", .. more]);
}

/// <summary>A test that needs Torch for CUDA, some 3 GB, which nobody should get without having asked for it.</summary>
public sealed class CudaPackageFactAttribute : FactAttribute
{
    private const string Package = "libtorch-cuda-12.8-linux-x64";

    public CudaPackageFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) => Skip = ImageTools.WhyNot
            ?? (Directory.Exists(Path.Combine(BaseImages.Packages, Package)) ? null : $"Package {Package} is not among this machine's NuGet packages, so Containerfile.cuda is built up to its publish only. "
                + "To have it (3 GB): dotnet restore src/Silo -p:TorchBackend=cuda.");
}
