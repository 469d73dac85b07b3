namespace Foretell.Ingest.EventHubs.Tests;

public class EventHubAddressTests
{
    [Theory]
    [InlineData("=x")]
    [InlineData("a=b;=c")]
    [InlineData(";;;=")]
    [InlineData("Endpoint=;EntityPath=")]
    public void Parse_WhenTheLibraryCannotReadAConnectionString_SaysWhatOneIs(string text) =>
        // Its parser throws whatever its indexing throws.
        Assert.Contains("connection string of Event Hubs", Assert.Throws<FormatException>(() => EventHubAddress.Parse(text)).Message);
}
