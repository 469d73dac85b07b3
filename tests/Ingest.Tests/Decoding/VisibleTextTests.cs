using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Tests.Decoding;

public class VisibleTextTests
{
    [Theory]
    [InlineData("plain, Zürich 東京 😀 [x]", "plain, Zürich 東京 😀 [x]")]
    [InlineData("\u001b[2Ja", "\\u001b[2Ja")]
    [InlineData("a\r\nb\tc\0", "a\\u000d\\u000ab\\u0009c\\u0000")]
    [InlineData("\u009b31m\u007f", "\\u009b31m\\u007f")]
    [InlineData("evil\u202Egnp\u2066\u200F\u2028", "evil\\u202egnp\\u2066\\u200f\\u2028")]
    public void Of_WhenATextSteersTheTerminal_WritesItAsJsonDoes(string text, string expected)
    {
        Assert.Equal(expected, VisibleText.Of(text));
        Assert.Equal(text.Contains('\n') ? "a\r\nb\\u0009c\\u0000" : expected, VisibleText.OfLines(text));
    }

    [Fact]
    public void Of_WhenHalfOfAPairStandsAlone_EscapesIt() => Assert.Equal("\\ud83dx\\ude00", VisibleText.Of("\ud83dx\ude00"));
}
