namespace Foretell.Web.Guards;

/// <summary>What a client may do. Every endpoint names one (<see cref="ScopeGuard.Needs"/>), or says that it is open.</summary>
public static class Scope
{
    /// <summary>Send events.</summary>
    public const string Write = "write";

    /// <summary>Ask about streams: states, forecasts, feeds, dead letters.</summary>
    public const string Read = "read";

    /// <summary>See to the platform as a whole: its status, its model, how well it forecasts. Never of a tenant: what is told counts
    /// everybody's events.</summary>
    public const string Operate = "operate";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Write, Read, Operate];
}
