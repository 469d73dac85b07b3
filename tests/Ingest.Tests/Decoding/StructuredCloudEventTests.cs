using System.Text;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Tests.Decoding;

public sealed class StructuredCloudEventTests
{
    [Fact]
    public void End_WhenAttributesWereAdded_GivesThemInTheirOrder()
    {
        var structured = new StructuredCloudEvent();
        structured.Begin();
        structured.Add("id", "e\"1");
        structured.Add("type", "buy"u8);

        Assert.Equal("""{"id":"e\u00221","type":"buy"}""", Encoding.UTF8.GetString(structured.End()));
    }

    [Fact]
    public void Begin_WhenAnEventWasLeftHalfWritten_BeginsAnew()
    {
        var structured = new StructuredCloudEvent();
        structured.Begin();
        structured.Add("id", "1");
        structured.Begin();
        structured.Add("id", "2");

        Assert.Equal("""{"id":"2"}""", Encoding.UTF8.GetString(structured.End()));
        structured.Begin();
        Assert.Equal("{}", Encoding.UTF8.GetString(structured.End()));
    }

    [Fact]
    public void Add_WhenAnAttributeComesTwice_LeavesItToTheReaderToRefuse()
    {
        var structured = new StructuredCloudEvent();
        structured.Begin();
        structured.Add("type", "a");
        structured.Add("type", "b");

        Assert.Contains("'type' is there twice",
            Assert.Single(Decoded.From(StructuredCloudEvent.MediaType, structured.End()).Rejections).Reason);
    }
}
