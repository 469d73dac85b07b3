using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Foretell.Models.Torch.Tests")]
