namespace Foretell.Web.Tests;

/// <summary>One API for all tests of a class that leave no mark on each other.</summary>
public sealed class SharedApi : IAsyncLifetime
{
    internal ApiHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await ApiHost.StartAsync(o => o.MaxStreamsPerCall = 3);

    public async ValueTask DisposeAsync() => await Host.DisposeAsync();
}
