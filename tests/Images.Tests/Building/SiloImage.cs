using System.Text.Json;
using Foretell.Support;

namespace Foretell.Images.Tests.Building;

/// <summary>The silo's image, built from Containerfile when the first test asks for it: once a run.</summary>
public sealed class SiloImage : IDisposable
{
    private const string Name = "localhost/foretell-silo:test";

    private readonly Lazy<Task<(string Root, JsonElement Config)>> _built;
    private readonly Lazy<ImageStore> _store = new(() => new ImageStore());

    public SiloImage() => _built = new(BuildAsync);

    /// <summary>Folder that holds the image's files.</summary>
    public async Task<string> RootAsync() => (await _built.Value).Root;

    /// <summary>What it says of its containers.</summary>
    public async Task<JsonElement> ConfigAsync() => (await _built.Value).Config;

    public void Dispose()
    {
        if (_store.IsValueCreated)
        {
            _store.Value.Dispose();
        }
    }

    private async Task<(string, JsonElement)> BuildAsync()
    {
        ImageStore store = _store.Value;
        await BaseImages.MakeRuntimeAsync(store);
        await BaseImages.MakeSdkAsync(store);
        await store.BuildAsync(Name, Repository.At("Containerfile"), Repository.Root,
            ["--build-arg", $"SDK={BaseImages.Sdk}", "--build-arg", $"RUNTIME={BaseImages.Runtime}", .. BaseImages.SdkMounts()]);
        return (await store.UnpackAsync(Name), await store.ConfigAsync(Name));
    }
}
