using Foretell.FakeHub.Links;

namespace Foretell.FakeHub.Tests.Links;

public sealed class LinkAddressTests
{
    [Theory]
    [InlineData("events", "events", null, null)]
    [InlineData("/events/Partitions/3", "events", null, "3")]
    [InlineData("sb://host:5672/events/ConsumerGroups/$Default/Partitions/12", "events", "$Default", "12")]
    [InlineData("amqps://host/events/consumergroups/g/partitions/1/", "events", "g", "1")]
    public void Parse_WhenWrittenInAnyForm_FindsTheParts(string text, string hub, string? group, string? partition)
    {
        LinkAddress address = LinkAddress.Parse(text);

        Assert.Equal((hub, group, partition), (address.Hub, address.ConsumerGroup, address.Partition));
    }

    [Theory]
    [InlineData("sb://host/events", "events/Partitions/1", true)]
    [InlineData("sb://host/EVENTS", "events", true)]
    [InlineData("sb://host/events", "events2", false)]
    [InlineData("sb://host/events/Partitions/1", "events", false)]
    [InlineData("sb://host", "events", true)]
    public void Covers_WhenTheTokenIsForAnAddressAbove_IsTrue(string token, string link, bool covers) =>
        Assert.Equal(covers, LinkAddress.Parse(token).Covers(LinkAddress.Parse(link)));
}
