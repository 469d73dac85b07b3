using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Foretell.Bench")]
[assembly: InternalsVisibleTo("Foretell.Models.Tests")]
