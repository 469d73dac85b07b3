using System.Text;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Tests.Decoding;

public class CsvEventDecoderTests
{
    private const string Csv = "text/csv";

    [Theory]
    [InlineData("stream,time,mark\na,1,x\nb,2,\n")]
    [InlineData("\uFEFFstream,time,mark\r\n\r\na,1,x\r\nb,2,\r\n")]
    [InlineData("stream; time ;mark\n a ;1 ; x\nb;2;\n")]
    [InlineData("stream\ttime\tmark\na\t1\tx\nb\t2\t")]
    [InlineData("stream,  time,\tmark\n a, 1,\tx \n\"b\" , \" 2 \" ,\" \"")]
    [InlineData("id,MARK,Time,stream,more\n,x,1,a,\"1,\n2\"\n,,2,b,\"\"\"\"\n")]
    public void Decode_WhenWrittenInOneOfManyWays_ReadsTheSame(string body)
    {
        Decoded decoded = Decoded.From(Csv, body);

        Assert.Empty(decoded.Rejections);
        Assert.Equal([new("a", 10_000_000, "x", ""), new("b", 20_000_000, "", "")], decoded.Events);
    }

    [Fact]
    public void Decode_WhenRecordsAreBroken_RejectsThemAloneByTheirPlace()
    {
        Decoded decoded = Decoded.From(Csv, "stream,time\na,1\nb\n\nc,noon\nd,4\n,5\n");

        Assert.Equal(["a", "d"], decoded.Events.Select(e => e.Stream));
        Assert.Equal([1, 2, 4], decoded.Rejections.Select(r => r.Index));
        Assert.Contains("has 1 fields; expected 2", decoded.Rejections[0].Reason);
        Assert.Contains("\"noon\"", decoded.Rejections[1].Reason);
    }

    [Theory]
    [InlineData("stream,time,mark\n\"a,1,x\nb,2,y\nc,3,z\n", "b c", 1)]
    [InlineData("stream,time,mark\na,1,\"oops\nb,2,\"fine\"\nc,3,z\n", "b c", 1)]
    [InlineData("stream,time,mark\na,1,5\" pipe\nb,2,y\n", "a b", 0)]
    public void Decode_WhenAQuoteIsAstray_LosesNoNeighbour(string body, string streams, int rejected)
    {
        Decoded decoded = Decoded.From(Csv, body);

        Assert.Equal(streams, string.Join(' ', decoded.Events.Select(e => e.Stream)));
        Assert.Equal(rejected, decoded.Rejections.Count);
    }

    [Theory]
    [InlineData("", "expected a CSV header")]
    [InlineData("\n \n", "expected a CSV header")]
    [InlineData("user,time\na,1\n", "There is no column 'stream' for the stream; the columns are user, time. Name it with the parameter columns=stream=user.")]
    [InlineData("stream,time,type\na,1,x\n", "There is no column 'mark', which says what happened, but one 'type'.")]
    public void Decode_WhenTheHeaderIsNone_IsMalformed(string body, string expected) =>
        Assert.Contains(expected, Assert.Throws<MalformedBodyException>(() => Decoded.From(Csv, body)).Message);

    [Fact]
    public void Decode_WhenQuotesAreEverywhere_TakesTimeInProportion()
    {
        // Each line opens what the next one closes and breaks: quadratic if every broken record were read to the body's end.
        string body = "stream,time\n" + string.Concat(Enumerable.Repeat("\"a,1\n", 300_000));

        Decoded decoded = Decoded.From(Csv, Encoding.UTF8.GetBytes(body));

        Assert.Empty(decoded.Events);
        Assert.Equal(300_000, decoded.Rejected);
    }
}
