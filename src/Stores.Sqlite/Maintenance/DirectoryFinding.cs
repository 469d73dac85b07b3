namespace Foretell.Stores.Sqlite.Maintenance;

/// <summary>What a check found of one file of a data directory.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Message">What it holds, or what is wrong with it.</param>
/// <param name="IsDamage">Whether something is wrong.</param>
public sealed record DirectoryFinding(string File, string Message, bool IsDamage)
{
    /// <summary>Whether the disk failed to give what the file holds, which may be whole.</summary>
    public bool IsUnreadable { get; init; }
}
