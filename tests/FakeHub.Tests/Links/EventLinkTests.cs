using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Encoding;
using Microsoft.Azure.Amqp.Framing;

namespace Foretell.FakeHub.Tests.Links;

/// <summary>Receivers of other clients than the .NET SDK: a plain AMQP link.</summary>
public sealed class EventLinkTests : IAsyncLifetime
{
    private readonly TestEndpoint _endpoint = new();
    private AmqpSession _session = null!;

    public async ValueTask InitializeAsync()
    {
        _endpoint.Fill(0, 5);
        AmqpConnection connection = await new AmqpConnectionFactory()
            .OpenConnectionAsync(new Uri($"amqp://127.0.0.1:{_endpoint.Endpoint.Port}"), TestEndpoint.Limit);
        _session = connection.CreateSession(new AmqpSessionSettings());
        await _session.OpenAsync(TestEndpoint.Limit);
    }

    public ValueTask DisposeAsync()
    {
        _session.Connection.Abort();
        return _endpoint.DisposeAsync();
    }

    [Fact]
    public async Task Attach_WhenNoTokenWasPut_IsRefused()
    {
        var refusal = await Assert.ThrowsAsync<AmqpException>(() => Link(filter: null).OpenAsync(TestEndpoint.Limit));

        Assert.Equal(HubConditions.UnauthorizedAccess, refusal.Error.Condition.Value);
        Assert.Equal(0, _endpoint.Hub.Receivers);
    }

    public static TheoryData<object> Descriptors => [0x137000000aUL, 0x468c00000004UL, "apache.org:selector-filter:string"];

    [Theory]
    [MemberData(nameof(Descriptors))]
    public async Task Attach_WhenTheFilterHasAnyDescriptor_BeginsWhereItSays(object descriptor)
    {
        _endpoint.Endpoint.Tokens.IsRequired = false;
        ReceivingAmqpLink link = Link(new DescribedType(descriptor is string name ? new AmqpSymbol(name) : descriptor,
            "amqp.annotation.x-opt-sequence-number > '2'"));
        await link.OpenAsync(TestEndpoint.Limit);

        using AmqpMessage message = await link.ReceiveMessageAsync(TestEndpoint.Limit);

        Assert.Equal(3L, message.MessageAnnotations.Map["x-opt-sequence-number"]);
    }

    private ReceivingAmqpLink Link(DescribedType? filter)
    {
        var source = new Source { Address = "events/ConsumerGroups/$Default/Partitions/0" };
        if (filter is not null)
        {
            source.FilterSet = new FilterSet { ["apache.org:selector-filter:string"] = filter };
        }
        return new ReceivingAmqpLink(_session, new AmqpLinkSettings
        {
            LinkName = "link", Role = true, TotalLinkCredit = 10, AutoSendFlow = true, Source = source,
            Target = new Target { Address = "here" },
        });
    }
}
