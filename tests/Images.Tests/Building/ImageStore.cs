using System.Text.Json;
using Foretell.Support;

namespace Foretell.Images.Tests.Building;

/// <summary>Images in a folder of their own: none of the machine's is seen or changed, and all go with the store.</summary>
/// <remarks>Storage is plain folders (vfs), so that nothing has to be mounted, and is unmounted, in the machine's own view.</remarks>
internal sealed class ImageStore : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Makes an image of the files of a folder.</summary>
    /// <param name="name">The image's name.</param>
    /// <param name="folder">Its whole root.</param>
    /// <param name="environment">Variables that its containers start with.</param>
    public async Task ImportAsync(string name, string folder, params IEnumerable<(string Name, string Value)> environment)
    {
        string container = await BuildahAsync("from", "scratch");
        await BuildahAsync("add", "--quiet", container, folder, "/");
        await BuildahAsync(["config", .. environment.SelectMany(e => new[] { "--env", $"{e.Name}={e.Value}" }), container]);
        await BuildahAsync("commit", "--quiet", "--rm", container, name);
    }

    /// <summary>Builds an image as its Containerfile says; a base that is not in the store is an error, and is not looked for.</summary>
    /// <param name="name">The image's name.</param>
    /// <param name="file">Containerfile.</param>
    /// <param name="context">Folder that it copies from.</param>
    /// <param name="more">Further arguments.</param>
    public Task BuildAsync(string name, string file, string context, params IEnumerable<string> more) => BuildahAsync(
        ["build", "--isolation", "chroot", "--network", "host", "--pull-never", "--file", file, "--tag", name, .. more, context]);

    /// <summary>What an image says of the containers to be made of it: user, ports, environment, entrypoint.</summary>
    public async Task<JsonElement> ConfigAsync(string image) =>
        JsonDocument.Parse(await BuildahAsync("inspect", "--type", "image", image)).RootElement.GetProperty("OCIv1").GetProperty("config");

    /// <summary>Lays an image out as a folder that is nobody else's, and returns its path.</summary>
    public async Task<string> UnpackAsync(string image) =>
        await BuildahAsync("mount", await BuildahAsync("from", "--pull-never", image));

    public void Dispose() => _folder.Dispose();

    private async Task<string> BuildahAsync(params string[] arguments) => (await Command.RunAsync("buildah",
        ["--root", _folder.At("store"), "--runroot", _folder.At("run"), "--storage-driver", "vfs", .. arguments])).Trim();
}
