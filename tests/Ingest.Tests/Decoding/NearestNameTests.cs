using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Tests.Decoding;

public class NearestNameTests
{
    [Theory]
    [InlineData("--modle", "--model")]
    [InlineData("--colums", "--columns")]
    [InlineData("--url", "--urls")]
    [InlineData("--part", "--partitions")]
    [InlineData("--zzzzzzzz", null)]
    public void Of_WhenAWordIsMisspelt_IsTheOneMeant(string word, string? expected) =>
        Assert.Equal(expected, NearestName.Of(word, ["--model", "--columns", "--urls", "--partitions", "--threads", "--file"]));

    [Theory]
    [InlineData("", "abc", 3)]
    [InlineData("abc", "abc", 0)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("flaw", "lawn", 2)]
    public void EditDistance_WhenComputed_CountsEdits(string from, string to, int edits)
    {
        Assert.Equal(edits, NearestName.EditDistance(from, to));
        Assert.Equal(edits, NearestName.EditDistance(to, from));
    }
}
