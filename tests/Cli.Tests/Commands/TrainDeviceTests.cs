using System.Text.Json;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>Devices of a training in the edition that has no Torch, as processes.</summary>
public sealed class TrainDeviceTests : IDisposable
{
    private static readonly string[] s_small = ["train", "--data", "events.ndjson", "--out", "m.safetensors", "--width", "16", "--layers", "1",
        "--heads", "2", "--epochs", "1"];

    private readonly TemporaryFolder _folder = new();

    public TrainDeviceTests() => Workload.Events(_folder, streams: 60, events: 600);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Output_WhenBuiltWithoutABackend_HoldsNothingOfTorchs()
    {
        string[] files = [.. Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories).Select(Path.GetFileName)!];

        Assert.Contains("Foretell.Models.Torch.dll", files);
        Assert.DoesNotContain(files, f => f.Contains("TorchSharp") || f.Contains("SkiaSharp")
            || f.StartsWith("libtorch", StringComparison.Ordinal) || f.StartsWith("libc10", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("cpu")]
    public async Task Train_WhenTheDeviceIsTheCpu_NamesItInProgressSummaryAndJson(string device)
    {
        ProcessResult plain = await ForetellProcess.RunAsync(_folder.Path, [.. s_small, "--device", device]);
        ProcessResult json = await ForetellProcess.RunAsync(_folder.Path, [.. s_small, "--device", device, "--json"]);

        Assert.Matches(@"epoch 1, step \d+ of \d+: .*, on cpu\n", plain.Output);
        Assert.Matches(@"device +cpu\b", plain.Output);
        Assert.Equal("cpu", JsonDocument.Parse(json.Output).RootElement.GetProperty("device").GetString());
    }

    [Theory]
    [InlineData("torch-cpu")]
    [InlineData("cuda")]
    public async Task Train_WhenTheEditionLacksTheDevice_SaysHowToBuildOneThatHasIt(string device)
    {
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, [.. s_small, "--device", device]);

        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Contains($"--device {device} is not available: This edition of Foretell was built without Torch.", result.Sentence);
        Assert.Contains("-p:TorchBackend=cpu", result.Sentence);
        Assert.False(File.Exists(_folder.At("m.safetensors")));
    }

    [Fact]
    public async Task Train_WhenTheDeviceIsUnknown_SaysWhichThereAre()
    {
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, [.. s_small, "--device", "gpu"]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--device must be auto, cpu, torch-cpu or cuda, got 'gpu'.", result.Sentence);
    }
}
