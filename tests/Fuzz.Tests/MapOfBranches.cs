namespace Foretell.Fuzz.Tests;

/// <summary>There is one map of branches in a process: what writes to it takes turns.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MapOfBranches
{
    public const string Name = "map of branches";
}
