using System.Reflection;
using System.Runtime.Loader;
using SharpFuzz;

namespace Foretell.Fuzz.Running;

/// <summary>The product's assemblies with SharpFuzz's instrumentation, beside those that the process has: copies in a folder of their
/// own, in a load context of their own. What is built stays as it is.</summary>
public sealed class InstrumentedCode : AssemblyLoadContext, IDisposable
{
    private static readonly string[] s_instrumented =
    [
        "Foretell.Models", "Foretell.Engine", "Foretell.Ingest", "Foretell.Ingest.EventHubs", "Foretell.Ingest.Kafka", "Foretell.Web",
        "Foretell.Stores.Sqlite", "Foretell.Hosting",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("foretell-fuzz-").FullName;

    public InstrumentedCode() : base("instrumented")
    {
        foreach (string name in s_instrumented)
        {
            string copy = Path.Combine(_folder, name + ".dll");
            File.Copy(PathOf(name), copy);
            // Kernels read no foreign bytes, and their loops would drown what does.
            string[] types = [.. Fuzzer.Instrument(copy, type => !type.StartsWith("Foretell.Models.", StringComparison.Ordinal)
                || type.StartsWith("Foretell.Models.Weights.", StringComparison.Ordinal)
                || type.StartsWith("Foretell.Models.Configuration.", StringComparison.Ordinal)
                || type.StartsWith("Foretell.Models.Monitoring.Calibration", StringComparison.Ordinal)
                || type.StartsWith("Foretell.Models.Network.ModelFile", StringComparison.Ordinal)
                || type.StartsWith("Foretell.Models.PointProcess.Baselines", StringComparison.Ordinal), Options.Value)];
        }
    }

    /// <summary>Runs a campaign over the instrumented code.</summary>
    /// <returns>What <see cref="Campaign.Run"/> returns.</returns>
    public string[] Run(string target, long inputs, int seed, string? keepIn) => (string[])LoadFromAssemblyName(
        typeof(Campaign).Assembly.GetName()).GetType(typeof(Campaign).FullName!)!.GetMethod(nameof(Campaign.Run))!
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, [target, inputs, seed, keepIn], null)!;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName name)
    {
        string copy = Path.Combine(_folder, name.Name + ".dll");
        return File.Exists(copy) ? LoadFromAssemblyPath(copy)
            : name.Name == typeof(Campaign).Assembly.GetName().Name ? LoadFromAssemblyPath(PathOf(name.Name!))
            : null;
    }

    private static string PathOf(string assembly) => Path.Combine(AppContext.BaseDirectory, assembly + ".dll");
}
