namespace Foretell.Web.Tests;

/// <summary>One API for all tests of a class that leave no mark on each other.</summary>
public sealed class SharedApi : IAsyncLifetime
{
    internal ApiHost Host { get; private set; } = null!;

    public async Task InitializeAsync() => Host = await ApiHost.StartAsync(o => o.MaxStreamsPerCall = 3);

    public async Task DisposeAsync() => await Host.DisposeAsync();
}
