using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Kernels;
using ILGPU;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace Foretell.Bench.Gpu;

/// <summary>Writes a folder with all that a machine without .NET needs to check and to time the kernel.</summary>
internal static class StepPack
{
    /// <summary>Most bytes of a folder.</summary>
    public const long Limit = 64 << 20;

    /// <summary>How the manifest is written.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private static readonly string[] s_scripts = ["run.py", "cuda_driver.py", "step_check.py", "step_pack.py", "step_timing.py"];

    /// <summary>Writes the folder.</summary>
    /// <param name="cases">Models.</param>
    /// <param name="streams">Rows of each.</param>
    /// <param name="steps">Batches of events that step them, one after the other.</param>
    /// <param name="batches">Batch sizes to time.</param>
    /// <exception cref="InvalidOperationException">It became larger than <see cref="Limit"/>.</exception>
    public static PackManifest Write(string folder, IReadOnlyList<BenchCase> cases, int streams, int steps, IReadOnlyList<int> batches)
    {
        Directory.CreateDirectory(folder);
        var files = new Dictionary<string, PackFile>();
        PackKernel[] kernels = [.. FusedKernel.All.Select(k => Pack(folder, k, files))];
        PackCase[] packed = [.. cases.Select(c => Pack(folder, c, streams, steps, files))];
        foreach (string script in s_scripts)
        {
            Put(folder, script, File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, script)), files);
        }
        var manifest = new PackManifest(PackManifest.CurrentFormat, kernels, files, packed, batches);
        File.WriteAllText(Path.Combine(folder, PackManifest.FileName), JsonSerializer.Serialize(manifest, Json));
        long bytes = files.Values.Sum(f => f.Bytes);
        return bytes <= Limit ? manifest
            : throw new InvalidOperationException($"The folder holds {bytes} bytes, at most {Limit} are allowed: pack fewer streams.");
    }

    /// <summary>A kernel in PTX 7.0 for compute capability 8.0 and later, so that drivers from CUDA 11 on take it.</summary>
    private static PackKernel Pack(string folder, FusedKernel kernel, Dictionary<string, PackFile> files)
    {
        using Context context = FusedContext.Create(builder => builder.CPU(new CPUDevice(2, 1, 1)));
        string ptx = StepAssembly.Ptx(context, kernel, CudaArchitecture.SM_80, CudaInstructionSet.ISA_70), file = $"{kernel.Name}.ptx";
        KernelEntry entry = KernelEntry.Read(ptx);
        Put(folder, file, Encoding.ASCII.GetBytes(ptx), files);
        return new PackKernel(kernel.Name, kernel.RowsAGroup, file, entry.Name, entry.Target, entry.Parameters);
    }

    private static PackCase Pack(string folder, BenchCase benchCase, int streams, int steps, Dictionary<string, PackFile> files)
    {
        var model = new FusedModel(benchCase.Model());
        using var random = new BenchStreams(model, streams);
        var sections = new SectionWriter();
        sections.Add("weights", model.Model.ParameterVector);
        sections.Add<LayerTable>("layers", model.Layers);
        sections.Add<float>("rates", model.Rates);
        sections.Add<float>("rows", random.Rows());
        var events = new List<StepEvent>();
        var counts = new List<int>();
        for (int i = 0; i < steps; i++)
        {
            StepEvent[] batch = random.Step();
            events.AddRange(batch);
            counts.Add(batch.Length);
            if (i == 0)
            {
                sections.Add<float>("first", random.Rows());
            }
        }
        sections.Add<StepEvent>("events", CollectionsMarshal.AsSpan(events));
        sections.Add<float>("expected", random.Rows());
        string file = $"{benchCase.Name}.bin";
        Put(folder, file, sections.ToArray(), files);
        NetworkTable network = model.Network;
        return new PackCase(benchCase.Name, network.Width, network.Layers, RowStep.WorkFloats(network.Width) * sizeof(float),
            network.RowFloats, Marshal.SizeOf<StepEvent>(), BenchCase.Operations(model.Model), counts,
            Convert.ToHexStringLower(MemoryMarshal.AsBytes(new ReadOnlySpan<NetworkTable>(in network))), file, sections.Sections);
    }

    private static void Put(string folder, string name, byte[] bytes, Dictionary<string, PackFile> files)
    {
        File.WriteAllBytes(Path.Combine(folder, name), bytes);
        files.Add(name, new PackFile(bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes))));
    }
}
