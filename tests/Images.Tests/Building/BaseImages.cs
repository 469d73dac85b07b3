using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Foretell.Support;

namespace Foretell.Images.Tests.Building;

/// <summary>Stand-ins for the images that the Containerfiles begin with, made of this machine's own files: no registry is asked.</summary>
/// <remarks>As bare as the chiseled ones: .NET, the libraries that it needs, and no shell where the real one has none.</remarks>
internal static partial class BaseImages
{
    /// <summary>Stands in for dotnet/aspnet, chiseled.</summary>
    public const string Runtime = "localhost/aspnet:test";

    /// <summary>Stands in for dotnet/sdk. The SDK itself is mounted into the build (<see cref="SdkMounts"/>).</summary>
    public const string Sdk = "localhost/sdk:test";

    /// <summary>The one that k8s/model/Containerfile names.</summary>
    public const string Busybox = "docker.io/library/busybox:1.37-musl";

    /// <summary>Home of the build, within the image.</summary>
    private const string BuildHome = "/home/build";

    private const string Bundle = "/etc/ssl/certs/ca-certificates.crt";

    private static readonly string s_home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    // Those that Microsoft's images set, as far as they matter to a program of .NET.
    private static readonly (string, string)[] s_environment =
    [
        ("PATH", "/usr/share/dotnet:/usr/bin:/bin"), ("APP_UID", "1654"), ("ASPNETCORE_HTTP_PORTS", "8080"),
        ("DOTNET_RUNNING_IN_CONTAINER", "true"), ("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "true"),
    ];

    /// <summary>Folder that this process's own .NET came from.</summary>
    private static string Dotnet { get; } = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));

    /// <summary>This machine's NuGet packages.</summary>
    public static string Packages => Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(s_home, ".nuget/packages");

    /// <summary>Arguments of a build that bring the SDK and the packages that this machine has, none of which can be written to.</summary>
    public static IEnumerable<string> SdkMounts()
    {
        (string From, string To)[] mounts =
            [(Dotnet, "/usr/share/dotnet"), (Packages, "/packages"), (Path.Combine(s_home, ".nuget/NuGet"), $"{BuildHome}/.nuget/NuGet")];
        return mounts.Where(m => Directory.Exists(m.From)).SelectMany(m => new[] { "--volume", $"{m.From}:{m.To}:ro" });
    }

    /// <summary>Makes <see cref="Runtime"/>.</summary>
    public static async Task MakeRuntimeAsync(ImageStore store)
    {
        using var root = new TemporaryFolder();
        await AddLibrariesAsync(root, NativeFiles());
        foreach (string part in new[] { "host", $"shared/Microsoft.NETCore.App/{Version}", $"shared/Microsoft.AspNetCore.App/{Version}" })
        {
            CopyFolder(Path.Combine(Dotnet, part), root.At($"usr/share/dotnet/{part}"));
        }
        Copy(Path.Combine(Dotnet, "dotnet"), root.At("usr/share/dotnet/dotnet"));
        await store.ImportAsync(Runtime, root.Path, s_environment);
    }

    /// <summary>Makes <see cref="Sdk"/>.</summary>
    /// <param name="store">Where to.</param>
    /// <param name="programs">Scripts that its PATH leads to before any other program, by name.</param>
    public static async Task MakeSdkAsync(ImageStore store, params IEnumerable<(string Name, string Script)> programs)
    {
        using var root = new TemporaryFolder();
        await AddLibrariesAsync(root, [.. NativeFiles(), "/bin/sh", "/bin/mkdir"]);
        Copy("/bin/sh", root.At("bin/sh"));
        Copy("/bin/mkdir", root.At("bin/mkdir"));
        Directory.CreateDirectory(root.At("opt"));
        foreach ((string name, string script) in programs)
        {
            MakeExecutable(root.Write($"opt/{name}", script));
        }
        await store.ImportAsync(Sdk, root.Path,
            [.. s_environment, ("PATH", "/opt:/usr/share/dotnet:/usr/bin:/bin"), ("HOME", BuildHome), ("NUGET_FALLBACK_PACKAGES", "/packages")]);
    }

    /// <summary>Makes <see cref="Busybox"/>, as far as the model's image asks for it.</summary>
    public static async Task MakeBusyboxAsync(ImageStore store)
    {
        using var root = new TemporaryFolder();
        await AddLibrariesAsync(root, ["/bin/cp"]);
        Copy("/bin/cp", root.At("bin/cp"));
        await store.ImportAsync(Busybox, root.Path, ("PATH", "/bin"));
    }

    private static string Version => Path.GetFileName(Path.TrimEndingDirectorySeparator(RuntimeEnvironment.GetRuntimeDirectory()));

    private static string[] NativeFiles() =>
        [.. Directory.EnumerateFiles(Dotnet, "*.so", SearchOption.AllDirectories).Where(f => f.Contains($"/{Version}/") && !f.Contains("/sdk/"))];

    /// <summary>The libraries that files need, where the loader looks for them, and what else every base has.</summary>
    private static async Task AddLibrariesAsync(TemporaryFolder root, string[] files)
    {
        // Some of the files are loaded only where their own libraries are there: ldd then says "not found", and so it may.
        (_, string output, _) = await Command.TryAsync("ldd", files);
        HashSet<string> libraries = [.. Library().Matches(output).Select(m => m.Groups[1].Value)
            .Where(path => !path.StartsWith(Dotnet, StringComparison.Ordinal))];
        // .NET opens OpenSSL's by name when it first needs them.
        string[] opened = [.. from folder in libraries.Select(Path.GetDirectoryName).Distinct()
            from name in new[] { "libssl.so.3", "libcrypto.so.3" }
            from path in new[] { $"{folder}/{name}", $"/usr{folder}/{name}" }
            where File.Exists(path)
            select path];
        foreach (string library in libraries.Concat(opened))
        {
            Copy(library, root.At(library[1..]));
        }
        if (File.Exists(Bundle))
        {
            Copy(Bundle, root.At(Bundle[1..]));
        }
        Directory.CreateDirectory(root.At("etc"));
        root.Write("etc/passwd", "root:x:0:0::/root:/sbin/nologin\napp:x:1654:1654::/home/app:/sbin/nologin\n");
        foreach (string folder in new[] { "proc", "sys", "dev", "tmp", "root" })
        {
            Directory.CreateDirectory(root.At(folder));
        }
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to, overwrite: true);
    }

    private static void MakeExecutable(string file)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, File.GetUnixFileMode(file) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute
                | UnixFileMode.OtherExecute);
        }
    }

    /// <summary>"name => /path (address)", and the loader's own line without the arrow.</summary>
    [GeneratedRegex(@"^\t(?:\S+ => )?(/\S+) \(", RegexOptions.Multiline)]
    private static partial Regex Library();
}
