namespace Foretell.Engine.Feeds;

/// <summary>What a feed delivers: a value, or word that some are missing here.</summary>
/// <param name="Value">The value; null where some are missing.</param>
/// <param name="Missed">How many are missing; null where nobody knows. 0 beside a value.</param>
/// <param name="Id">Names the value's place in its feed, for whoever wants to go on behind it; null where there is no such place.</param>
public readonly record struct FeedItem<T>(T? Value, long? Missed, string? Id = null) where T : class
{
    /// <summary>Word that values are missing.</summary>
    public static FeedItem<T> Gap(long? missed) => new(null, missed);
}
