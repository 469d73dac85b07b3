using Foretell.Cli.Cluster;
using Foretell.Images.Tests.Building;
using Foretell.Support;
using Npgsql;

namespace Foretell.Images.Tests.Running;

/// <summary>What surrounds the containers of a pod: an address, a database at another one, the ConfigMap and the model.</summary>
internal sealed class PlayedPod : IAsyncDisposable
{
    /// <summary>The limit that compose.yaml gives a silo, too.</summary>
    public const long MemoryBytes = 512L << 20;

    private readonly TemporaryFolder _model = new();
    private readonly ThrowawayPostgres _postgres;
    private readonly SplitNetwork _network;
    private readonly TcpRelay _database;

    private PlayedPod(ThrowawayPostgres postgres, SplitNetwork network)
    {
        (_postgres, _network) = (postgres, network);
        _database = new TcpRelay(network.Host, new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Port);
        File.Copy(Repository.At("src/Cli/Models/demo.safetensors"), _model.At("model.safetensors"));
        Open(_model.Path);
    }

    /// <summary>Where its silo answers.</summary>
    public Uri Url => new($"http://{_network.Address(0)}:5057");

    /// <summary>Makes one, with an empty database.</summary>
    public static async Task<PlayedPod> CreateAsync()
    {
        ThrowawayPostgres postgres = await ThrowawayPostgres.CreateAsync();
        try
        {
            return new PlayedPod(postgres, await SplitNetwork.CreateAsync(1));
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    /// <summary>A container of the silo's image in this pod.</summary>
    public async Task<ContainerPlan> PlanAsync(SiloImage image, params string[] arguments)
    {
        var config = await image.ConfigAsync();
        IEnumerable<string> variables =
        [
            .. config.GetProperty("Env").EnumerateArray().Select(e => e.GetString()!),
            .. File.ReadAllLines(Repository.At("k8s/base/settings.env")).Where(line => line is not ("" or ['#', ..])),
            $"FORETELL__ADDRESS={_network.Address(0)}",
            $"FORETELL__POSTGRES={Connection()}",
            "FORETELL__DEVICE=cpu",
            // The component with keys and certificates is not part of what an image is tried for.
            "FORETELL__INSECURE=true",
        ];
        string root = await image.RootAsync();
        // The runtime makes the folders that it mounts at; it would do so behind our back.
        Directory.CreateDirectory(Path.Combine(root, "model"));
        return new ContainerPlan(root, [.. config.GetProperty("Entrypoint").EnumerateArray().Select(e => e.GetString()!), .. arguments])
        {
            // Later ones win, as in a pod.
            Environment = variables.Select(v => v.Split('=', 2)).GroupBy(v => v[0]).ToDictionary(v => v.Key, v => v.Last()[1]),
            Mounts = new Dictionary<string, string> { ["/model"] = _model.Path },
            Network = _network.NamespaceFile(0),
            MemoryBytes = MemoryLimit.WhyNot is null ? MemoryBytes : null,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await _network.DisposeAsync();
        await _postgres.DisposeAsync();
        _model.Dispose();
    }

    /// <summary>The image has no library of Kerberos, and Npgsql would look for it with every connection.</summary>
    private string Connection() => new NpgsqlConnectionStringBuilder(_postgres.ConnectionString)
    {
        Host = _network.Host.ToString(),
        Port = _database.Port,
        GssEncryptionMode = GssEncryptionMode.Disable,
    }.ConnectionString;

    /// <summary>Temporary folders are their owner's alone, and the container's user is another.</summary>
    private static void Open(string folder)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }
    }
}
