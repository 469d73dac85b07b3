namespace Foretell.Stores.Contract;

/// <summary>What a kind of store can do beside committing and loading; the tests of what it does not claim are skipped, by name.</summary>
[Flags]
public enum StoreCapabilities
{
    /// <summary>Nothing else.</summary>
    None = 0,

    /// <summary>Owners in several processes take a partition's epoch from each other.</summary>
    SeveralOwners = 1,

    /// <summary>A test can make a commit fail half way, and mend it.</summary>
    FailingWrites = 2,

    /// <summary>All of these.</summary>
    All = SeveralOwners | FailingWrites,
}
