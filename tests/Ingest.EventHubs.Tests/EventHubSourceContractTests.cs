using Foretell.FakeHub;
using Foretell.Ingest.Sources;
using Foretell.Sources.Contract;
using Foretell.Support;

namespace Foretell.Ingest.EventHubs.Tests;

/// <summary>The contract of sources, held by the true SDK against a hub in memory.</summary>
public sealed class EventHubSourceContractTests : SourceContract, IAsyncDisposable
{
    private readonly TestTime _clock = new();
    private readonly Hub _hub;
    private readonly HubEndpoint _endpoint;

    public EventHubSourceContractTests()
    {
        _hub = new Hub(SourceName, Partitions, clock: _clock);
        _endpoint = HubEndpoint.Start(_hub);
    }

    public ValueTask DisposeAsync() => _endpoint.DisposeAsync();

    protected override IMessageSource Open() => Open(_endpoint.ConnectionString, SourceName);

    protected override IMessageSource OpenUnknown() => Open(_endpoint.ConnectionString, "no-such-hub");

    protected override IMessageSource OpenUnreachable()
    {
        HubEndpoint gone = HubEndpoint.Start(new Hub(SourceName));
        string connection = gone.ConnectionString;
        gone.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return new EventHubSource(SourceName, EventHubAddress.Parse(connection, SourceName),
            new EventHubOptions { Retry = new() { MaximumRetries = 0 } });
    }

    protected override Task SendAsync(int partition, params SentMessage[] messages)
    {
        foreach (SentMessage m in messages)
        {
            _hub.Partitions[partition].Append(new HubMessage(m.Body)
            {
                ContentType = m.ContentType,
                Properties = m.Properties?.ToDictionary(p => p.Key, p => (object?)p.Value) ?? [],
            }, m.Key);
        }
        return Task.CompletedTask;
    }

    protected override void DropConnections() => _endpoint.DropConnections();

    protected override void TrimBefore(int partition, long number) => _hub.Partitions[partition].TrimBefore(number);

    protected override void Recreate() => _hub.Recreate();

    protected override DateTimeOffset PassTime()
    {
        _clock.Advance(TimeSpan.FromHours(1));
        return _clock.GetUtcNow();
    }

    private static EventHubSource Open(string connection, string hub) =>
        new(SourceName, EventHubAddress.Parse(connection, hub), new EventHubOptions());
}
