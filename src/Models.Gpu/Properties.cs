using System.Runtime.CompilerServices;
using ILGPU;

[assembly: InternalsVisibleTo("Foretell.Bench")]
[assembly: InternalsVisibleTo("Foretell.Bench.Gpu")]
[assembly: InternalsVisibleTo("Foretell.Models.Gpu.Tests")]
// The launchers that ILGPU writes at run time lie in an assembly of its own and pass our structures on.
[assembly: InternalsVisibleTo(Context.RuntimeAssemblyName)]
