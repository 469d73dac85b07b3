namespace Foretell.Ingest.Decoding;

/// <summary>Finds what somebody probably meant by a name that there is not.</summary>
public static class NearestName
{
    private const int LongestWord = 256;

    /// <summary>The candidate fewest edits away, if these are few for its length or the word is how it begins; null when there is
    /// none. A word longer than any name is none's misspelling, and not looked at.</summary>
    public static string? Of(string word, IEnumerable<string> candidates) => word.Length > LongestWord ? null : candidates
        .Select(c => (Name: c, Edits: EditDistance(word, c)))
        .Where(c => c.Edits <= Math.Max(2, c.Name.Length / 3) || c.Name.StartsWith(word, StringComparison.Ordinal))
        .OrderBy(c => c.Edits).ThenBy(c => c.Name, StringComparer.Ordinal)
        .Select(c => c.Name).FirstOrDefault();

    /// <summary>Insertions, deletions and replacements from one word to the other (Levenshtein).</summary>
    internal static int EditDistance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.Length];
    }
}
