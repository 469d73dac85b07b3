using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Foretell.Models.Tests")]
