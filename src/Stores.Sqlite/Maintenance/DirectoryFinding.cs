namespace Foretell.Stores.Sqlite.Maintenance;

/// <summary>What a check found of one file of a data directory.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Message">What it holds, or what is wrong with it.</param>
/// <param name="IsDamage">Whether something is wrong.</param>
public sealed record DirectoryFinding(string File, string Message, bool IsDamage);
