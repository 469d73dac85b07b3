namespace Foretell.Bench.Gpu;

/// <summary>What manifest.json of a packed folder says. All files are little-endian.</summary>
/// <param name="Format">Version of the folder's layout.</param>
/// <param name="Kernels">The kernels, which do the same.</param>
/// <param name="Files">Length and SHA-256 of each other file.</param>
/// <param name="Cases">The models.</param>
/// <param name="Batches">Batch sizes to time.</param>
internal sealed record PackManifest(string Format, IReadOnlyList<PackKernel> Kernels, IReadOnlyDictionary<string, PackFile> Files,
    IReadOnlyList<PackCase> Cases, IReadOnlyList<int> Batches)
{
    public const string CurrentFormat = "foretell-gpu-pack/1", FileName = "manifest.json";
}

/// <summary>How to call a kernel: a group for each so many events, d threads a group.</summary>
/// <param name="Name">Its name in the results.</param>
/// <param name="RowsAGroup">Events, and so rows, of a group.</param>
/// <param name="File">Its PTX.</param>
/// <param name="Entry">Name of the function.</param>
/// <param name="Target">Least GPU: 80 for compute capability 8.0.</param>
/// <param name="Parameters">Parameters in order: views of the sections of the same name, and the network's table.</param>
internal sealed record PackKernel(string Name, int RowsAGroup, string File, string Entry, int Target,
    IReadOnlyList<KernelParameter> Parameters);

/// <summary>A file of the folder.</summary>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its checksum, lower-case hex.</param>
internal sealed record PackFile(long Bytes, string Sha256);

/// <summary>One model with rows to step and what must come of them.</summary>
/// <param name="Name">Name of the case.</param>
/// <param name="Width">Hidden width d: threads of a group.</param>
/// <param name="Layers">Layers.</param>
/// <param name="SharedBytes">Dynamic shared memory of a group, for each of its rows.</param>
/// <param name="RowFloats">Floats of a row.</param>
/// <param name="EventBytes">Bytes of an event.</param>
/// <param name="Operations">Floating-point operations of a step (<see cref="BenchCase.Operations"/>).</param>
/// <param name="Steps">Events of each batch, one batch after the other.</param>
/// <param name="Network">The network's table, hex: the last parameter's bytes.</param>
/// <param name="File">File of the sections.</param>
/// <param name="Sections">weights, layers, rates: what the kernel reads; rows: before the first batch; events: of all batches;
/// first: rows after the first batch; expected: rows after the last.</param>
internal sealed record PackCase(string Name, int Width, int Layers, int SharedBytes, int RowFloats, int EventBytes, long Operations,
    IReadOnlyList<int> Steps, string Network, string File, IReadOnlyDictionary<string, PackSection> Sections);

/// <summary>A part of a file.</summary>
/// <param name="Offset">Where it begins, bytes.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="ElementBytes">Bytes of one of its elements: a view's length counts these.</param>
internal sealed record PackSection(long Offset, long Bytes, int ElementBytes);
