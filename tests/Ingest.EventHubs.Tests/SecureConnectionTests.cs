using Azure.Core;
using Foretell.FakeHub;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Sources;
using Foretell.Support;

namespace Foretell.Ingest.EventHubs.Tests;

/// <summary>TLS and identities, by the true SDK.</summary>
public sealed class SecureConnectionTests : IAsyncDisposable
{
    private readonly Hub _hub = new("events", partitions: 1);
    private readonly HubEndpoint _endpoint;

    public SecureConnectionTests() => _endpoint = HubEndpoint.Start(_hub, new HubEndpointOptions { Tls = true });

    public ValueTask DisposeAsync() => _endpoint.DisposeAsync();

    [Fact]
    public async Task Read_OverTlsWithAToken_ReadsTheHub()
    {
        _endpoint.Tokens.RequiredType = "jwt";
        _hub.Partitions[0].Append("""{"stream":"a","time":1}""");
        var credential = new Token();
        await using EventHubSource source = Source(credential);
        await using IMessageReader reader = await source.OpenAsync("0", new ReadFrom(-1, default), 1, default);
        List<BrokerMessage> messages = [];

        await reader.ReadAsync(messages, 10, default);

        Assert.Equal("""{"stream":"a","time":1}""", System.Text.Encoding.UTF8.GetString(Assert.Single(messages).Body.Span));
        Assert.Equal(["https://eventhubs.azure.net/.default"], credential.Scopes.Distinct());
        Assert.Equal(new PartitionRange(0, 0), await source.DescribePartitionAsync("0", default));
    }

    [Fact]
    public async Task Read_WhenTheTokenIsRefused_SaysWhichRightIsNeeded()
    {
        _endpoint.Tokens.RefusesAll = true;
        await using EventHubSource source = Source(new Token());

        SourceException e = await Assert.ThrowsAsync<SourceException>(() => source.DescribeAsync(default));

        Assert.Equal(SourceFault.Refused, e.Fault);
        Assert.Contains("Azure Event Hubs Data Receiver", e.Message);
    }

    [Fact]
    public async Task Read_WhenTheHubIsNotThere_SaysSo()
    {
        await using EventHubSource source = new("x", EventHubAddress.Parse("ns/no-such-hub") with
        {
            Endpoint = _endpoint.Address,
            CertificateValidation = (_, _, _, _) => true,
            Credential = new Token(),
        }, new EventHubOptions());

        SourceException e = await Assert.ThrowsAsync<SourceException>(() => source.DescribeAsync(default));

        Assert.Equal(SourceFault.NotFound, e.Fault);
        Assert.Contains("no-such-hub", e.Message);
    }

    [Fact]
    public async Task Read_WhenNobodyListens_SaysThatItCannotBeReached()
    {
        var gone = HubEndpoint.Start(_hub);
        string connection = gone.ConnectionString;
        await gone.DisposeAsync();
        await using EventHubSource source = new("x", EventHubAddress.Parse(connection, "events"), new EventHubOptions
        {
            Retry = new() { MaximumRetries = 0 },
        });

        SourceException e = await Assert.ThrowsAsync<SourceException>(() => source.DescribeAsync(default));

        Assert.Equal(SourceFault.Unavailable, e.Fault);
        Assert.DoesNotContain(TokenPolicy.DefaultKey, e.ToString());
    }

    private EventHubSource Source(TokenCredential credential) => new("events", EventHubAddress.Parse("ns/events") with
    {
        Endpoint = _endpoint.Address,
        CertificateValidation = (_, certificate, _, _) => certificate!.GetCertHashString() == _endpoint.Certificate!.GetCertHashString(),
        Credential = credential,
    }, new EventHubOptions());

    private sealed class Token : TokenCredential
    {
        public List<string> Scopes { get; } = [];

        public override AccessToken GetToken(TokenRequestContext context, CancellationToken cancellationToken)
        {
            lock (Scopes)
            {
                Scopes.AddRange(context.Scopes);
            }
            // Header, body with an expiry far ahead, no signature: the shape of what Entra ID gives.
            return new AccessToken("eyJhbGciOiJub25lIn0.eyJleHAiOjQxMDI0NDQ4MDB9.", DateTimeOffset.FromUnixTimeSeconds(4_102_444_800));
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext context, CancellationToken cancellationToken) =>
            ValueTask.FromResult(GetToken(context, cancellationToken));
    }
}
