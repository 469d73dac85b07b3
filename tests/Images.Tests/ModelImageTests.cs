using System.Text.Json;
using System.Text.RegularExpressions;
using Foretell.Images.Tests.Building;
using Foretell.Images.Tests.Running;
using Foretell.Support;

namespace Foretell.Images.Tests;

/// <summary>The image that brings a model into a pod, by the command that the pod gives it.</summary>
public sealed partial class ModelImageTests : IDisposable
{
    private const string Name = "localhost/foretell-model:test", Model = "src/Cli/Models/demo.safetensors";

    private readonly ImageStore _store = new();
    private readonly TemporaryFolder _volume = new();

    public void Dispose()
    {
        _store.Dispose();
        _volume.Dispose();
    }

    [ImageFact]
    public async Task Image_WhenItsPodStarts_LaysTheModelIntoTheVolume()
    {
        string root = await BuildAsync();
        // What fsGroup does for a pod's volume.
        await Command.RunAsync("chgrp", $"{RuntimeSpec.User}", _volume.Path);
        await Command.RunAsync("chmod", "0775", _volume.Path);

        (int exitCode, string said) = await Container.RunAsync(Plan(root, CommandOfThePod()));

        Assert.True(exitCode == 0, said);
        Assert.Equal(await File.ReadAllBytesAsync(Repository.At(Model)), await File.ReadAllBytesAsync(_volume.At("model.safetensors")));
        Assert.Equal("1654:1654", (await _store.ConfigAsync(Name)).GetProperty("User").GetString());
    }

    /// <summary>That a root cannot be written is what the other tests rely on: here is a program that tries.</summary>
    [ImageFact]
    public async Task Root_WhenAProgramWritesToIt_Refuses()
    {
        string root = await BuildAsync();
        IReadOnlyList<string> before = FolderSnapshot.Of(root);

        (int exitCode, string said) = await Container.RunAsync(Plan(root, "cp", "/model.safetensors", "/tmp/../other"));

        Assert.NotEqual(0, exitCode);
        Assert.Contains("Read-only file system", said, StringComparison.Ordinal);
        Assert.Equal(before, FolderSnapshot.Of(root));
    }

    private async Task<string> BuildAsync()
    {
        await BaseImages.MakeBusyboxAsync(_store);
        await _store.BuildAsync(Name, Repository.At("k8s/model/Containerfile"), Path.GetDirectoryName(Repository.At(Model))!,
            "--build-arg", $"MODEL={Path.GetFileName(Model)}");
        string root = await _store.UnpackAsync(Name);
        Directory.CreateDirectory(Path.Combine(root, "model"));
        return root;
    }

    private ContainerPlan Plan(string root, params string[] command) => new(root, command)
    {
        Environment = new Dictionary<string, string> { ["PATH"] = "/bin" },
        Mounts = new Dictionary<string, string> { ["/model"] = _volume.Path },
        WritableMount = "/model",
    };

    /// <summary>As k8s/components/model-image has it.</summary>
    private static string[] CommandOfThePod() => JsonSerializer.Deserialize<string[]>(
        PodCommand().Match(File.ReadAllText(Repository.At("k8s/components/model-image/kustomization.yaml"))).Groups[1].Value)!;

    [GeneratedRegex(@"command: (\[.+\])")]
    private static partial Regex PodCommand();
}
