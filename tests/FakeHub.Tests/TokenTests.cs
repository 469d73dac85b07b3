using System.Net.Security;
using Azure.Core;
using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Consumer;
using Azure.Messaging.EventHubs.Primitives;
using Azure.Messaging.EventHubs.Producer;
using Microsoft.Extensions.Time.Testing;

namespace Foretell.FakeHub.Tests;

public sealed class TokenTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly TestEndpoint _plain;
    private readonly TestEndpoint _tls;

    public TokenTests()
    {
        _plain = new TestEndpoint(options: new HubEndpointOptions { Clock = _clock });
        _tls = new TestEndpoint(options: new HubEndpointOptions { Tls = true, Namespace = "myns.servicebus.windows.net" });
        _tls.Connection.CustomEndpointAddress = _tls.Endpoint.Address;
        _tls.Connection.CertificateValidationCallback = (_, certificate, _, _) =>
            certificate?.GetCertHashString() == _tls.Endpoint.Certificate!.GetCertHashString();
        _plain.GiveUpAtOnce();
        _tls.GiveUpAtOnce();
    }

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync()
    {
        await _plain.DisposeAsync();
        await _tls.DisposeAsync();
    }

    [Fact]
    public async Task Client_WhenItSpeaksTls_SendsAndReceives()
    {
        await TlsProducer().SendAsync(TestEndpoint.Bodies("a", "b"), TestEndpoint.To(0));
        var receiver = _tls.Keep(new PartitionReceiver("$Default", "0", EventPosition.Earliest, _tls.Endpoint.TlsConnectionString,
            "events", new PartitionReceiverOptions { ConnectionOptions = _tls.Connection, RetryOptions = _tls.Retries }));

        List<EventData> events = await TestEndpoint.ReceiveAsync(receiver, 2);

        Assert.Equal(["a", "b"], events.Select(e => e.EventBody.ToString()));
        Assert.All(_tls.Endpoint.Tokens.Received, t => Assert.StartsWith("amqps://myns.servicebus.windows.net/events", t.Audience));
    }

    [Fact]
    public async Task Client_WhenItDoesNotTrustTheCertificate_DoesNotConnect()
    {
        _tls.Connection.CertificateValidationCallback = (_, _, _, errors) => errors == SslPolicyErrors.None;

        await Assert.ThrowsAnyAsync<Exception>(() => TlsProducer().SendAsync(TestEndpoint.Bodies("a")));

        Assert.Equal(0, _tls.Endpoint.Connections);
    }

    [Fact]
    public async Task Client_WhenItHasATokenCredential_IsLetIn()
    {
        _tls.Endpoint.Tokens.RequiredType = "jwt";
        _tls.Endpoint.Tokens.RequiredHost = "myns.servicebus.windows.net";
        var credential = new Credential("header.e30.signature");
        EventHubProducerClient producer = CredentialProducer(credential);

        await producer.SendAsync(TestEndpoint.Bodies("a"), TestEndpoint.To(0));
        await producer.GetEventHubPropertiesAsync();

        Assert.Equal(1, _tls.Hub.Count);
        Assert.Equal(["https://eventhubs.azure.net/.default"], credential.Scopes.Distinct());
        Assert.All(_tls.Endpoint.Tokens.Received, token => Assert.Equal("jwt", token.Type));
    }

    [Fact]
    public async Task Client_WhenItsTokenIsRefused_IsUnauthorised()
    {
        _plain.Endpoint.Tokens.RefusesAll = true;

        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => _plain.Producer().SendAsync(TestEndpoint.Bodies("a")));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => _plain.Producer().GetEventHubPropertiesAsync());
        Assert.IsType<UnauthorizedAccessException>(await TestEndpoint.ReceiveErrorAsync(_plain.Receiver(EventPosition.Earliest)));

        Assert.NotEmpty(_plain.Endpoint.Tokens.Received);
        Assert.All(_plain.Endpoint.Tokens.Received, token => Assert.NotNull(token.Refusal));
    }

    [Fact]
    public async Task Client_WhenItsTokenSaysItHasExpired_IsUnauthorised()
    {
        // {"exp":1000000000}, in 2001.
        EventHubProducerClient producer = CredentialProducer(new Credential("header.eyJleHAiOjEwMDAwMDAwMDB9.signature"));

        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => producer.SendAsync(TestEndpoint.Bodies("a")));

        Assert.Equal(2001, _tls.Endpoint.Tokens.Received[0].ExpiresOn.Year);
    }

    [Theory]
    [InlineData(TokenPolicy.DefaultKey, true)]
    [InlineData("c29tZXRoaW5nIGVsc2U=", false)]
    public async Task Client_WhenAKeyIsRequired_NeedsThatKey(string key, bool isLetIn)
    {
        _plain.Endpoint.Tokens.RequireKey(TokenPolicy.DefaultKeyName, key);

        Exception? error = await Record.ExceptionAsync(() => _plain.Producer().SendAsync(TestEndpoint.Bodies("a")));

        Assert.Equal(isLetIn, error is null);
        Assert.True(isLetIn || error is UnauthorizedAccessException);
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("other.servicebus.windows.net", false)]
    public async Task Client_WhenAHostIsRequired_NeedsATokenForIt(string host, bool isLetIn)
    {
        _plain.Endpoint.Tokens.RequiredHost = host;

        Exception? error = await Record.ExceptionAsync(() => _plain.Producer().SendAsync(TestEndpoint.Bodies("a")));

        Assert.Equal(isLetIn, error is null);
    }

    [Fact]
    public async Task Receive_WhenTheTokenExpires_ComesBackWithAnother()
    {
        PartitionReceiver receiver = await WithShortTokenAsync();
        Task<List<EventData>> waiting = TestEndpoint.ReceiveAsync(receiver, 1);

        _clock.Advance(TimeSpan.FromSeconds(61));
        await _plain[0].UntilAsync(p => p.Attachments.Count == 2, TestEndpoint.Limit);
        _plain[0].Append("after");

        Assert.Equal("after", (await waiting)[0].EventBody.ToString());
        Assert.Equal(2, _plain.Endpoint.Tokens.Received.Count);
    }

    [Fact]
    public async Task Receive_WhenTheTokenExpiresAndTheNextIsRefused_IsUnauthorised()
    {
        PartitionReceiver receiver = await WithShortTokenAsync();
        Task<Exception?> waiting = TestEndpoint.ReceiveErrorAsync(receiver);

        _plain.Endpoint.Tokens.RefusesAll = true;
        _clock.Advance(TimeSpan.FromSeconds(61));

        Assert.IsType<UnauthorizedAccessException>(await waiting);
    }

    /// <summary>A receiver at the end of partition 0, with a token that holds for a minute.</summary>
    private async Task<PartitionReceiver> WithShortTokenAsync()
    {
        _plain.Endpoint.Tokens.Lifetime = TimeSpan.FromMinutes(1);
        _plain.Fill(0, 1);
        PartitionReceiver receiver = _plain.Receiver(EventPosition.Earliest);
        await TestEndpoint.ReceiveAsync(receiver, 1);
        return receiver;
    }

    private EventHubProducerClient TlsProducer() => _tls.Keep(new EventHubProducerClient(_tls.Endpoint.TlsConnectionString, "events",
        new EventHubProducerClientOptions { ConnectionOptions = _tls.Connection, RetryOptions = _tls.Retries }));

    private EventHubProducerClient CredentialProducer(TokenCredential credential) => _tls.Keep(new EventHubProducerClient(
        _tls.Endpoint.Options.Namespace, "events", credential,
        new EventHubProducerClientOptions { ConnectionOptions = _tls.Connection, RetryOptions = _tls.Retries }));

    /// <summary>Hands out one and the same token.</summary>
    private sealed class Credential(string token) : TokenCredential
    {
        public List<string> Scopes { get; } = [];

        public override AccessToken GetToken(TokenRequestContext context, CancellationToken stop)
        {
            lock (Scopes)
            {
                Scopes.AddRange(context.Scopes);
            }
            return new AccessToken(token, DateTimeOffset.UtcNow.AddMinutes(30));
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext context, CancellationToken stop) =>
            new(GetToken(context, stop));
    }
}
