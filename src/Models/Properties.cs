using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Foretell.Backends.Contract")]
[assembly: InternalsVisibleTo("Foretell.Bench")]
[assembly: InternalsVisibleTo("Foretell.Models.Gpu")]
[assembly: InternalsVisibleTo("Foretell.Models.Gpu.Tests")]
[assembly: InternalsVisibleTo("Foretell.Models.Tests")]
[assembly: InternalsVisibleTo("Foretell.Models.Torch")]
[assembly: InternalsVisibleTo("Foretell.Models.Torch.Tests")]
