using Foretell.Models.Comparison;
using Foretell.Models.Mixers;

namespace Foretell.Models.Tests.Comparison;

public class ComparisonFormTests
{
    [Fact]
    public void Default_HasEveryMixerWithItsPlainFormAndEveryPolicy() => Assert.Equal(
        ["aaren", "aaren-plain", "linear", "linear-plain", "softmax", "softmax-plain", "tova", "window", "window+i", "h2o"],
        ComparisonForm.Default.Select(f => f.Name));

    [Theory]
    [InlineData("aaren", "aaren", true, false, "aaren")]
    [InlineData("linear-plain", "linear", false, false, "linear-plain")]
    [InlineData("tova", "tova", true, true, "softmax")]
    [InlineData("h2o-plain", "h2o", false, true, "softmax-plain")]
    [InlineData("window+2", "window+2", true, true, "softmax")]
    [InlineData("window+i", "window+i", true, true, "softmax")]
    public void Parse_WhenTheNameIsKnown_SaysWhatIsTrained(string name, string mixer, bool decay, bool isBounded, string trained)
    {
        ComparisonForm form = ComparisonForm.Parse(name);
        Assert.Equal((name, mixer, decay, isBounded, trained), (form.Name, form.Mixer, form.Decay, form.IsBounded, form.Trained.Name));
    }

    [Theory]
    [InlineData("gru")]
    [InlineData("plain")]
    [InlineData("window+")]
    [InlineData("")]
    public void Parse_WhenTheNameIsUnknown_NamesThoseThatAre(string name) =>
        Assert.Contains("aaren, aaren-plain", Assert.Throws<ArgumentException>(() => ComparisonForm.Parse(name)).Message);

    [Theory]
    [InlineData(64, "window+4")]
    [InlineData(9, "window+2")]
    [InlineData(2, "window+1")]
    [InlineData(1, "window")]
    public void MixerAt_WhenTheWindowKeepsFirstEvents_LeavesMostToTheLatest(int states, string mixer) =>
        Assert.Equal(mixer, ComparisonForm.Parse("window+i").MixerAt(states));

    [Theory]
    [InlineData("1/8", 37, 5)]
    [InlineData("1/8", 1024, 128)]
    [InlineData("1/8", 2, 1)]
    [InlineData("64", 37, 64)]
    public void StateCount_WhenRead_GivesEvents(string text, double meanLength, int states)
    {
        Assert.True(StateCount.TryParse(text, out StateCount count));
        Assert.Equal((states, text), (count.Of(meanLength), count.ToString()));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("9/8")]
    [InlineData("1/0")]
    [InlineData("1/2/3")]
    [InlineData("-1/8")]
    [InlineData("some")]
    [InlineData("5000")]
    public void StateCount_WhenItIsNoCount_IsRefused(string text) => Assert.False(StateCount.TryParse(text, out _));
}
