using System.IO.Compression;
using Foretell.Ingest.Files;
using Foretell.Support;

namespace Foretell.Ingest.Tests.Files;

/// <summary>Files that say what a policy would do at each decision of a log.</summary>
public sealed class PolicyFileTests : IDisposable
{
    private const string Line = """{"id":"c7","i":2,"pi":{"mail":0.75,"call":0.25}}""";
    private static readonly string[] s_actions = ["call", "mail", "nothing"];

    private readonly TemporaryFolder _folder = new();

    private string Path => _folder.At("policy.jsonl");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_OfAWholeFile_GivesTheProbabilitiesInTheOrderOfTheActions()
    {
        using (var packed = new StreamWriter(new GZipStream(File.Create(Path), CompressionLevel.Fastest)))
        {
            // What is rounded adds up to one all the same.
            packed.Write($$$"""{{{Line}}}{{{"\n\n"}}}{"pi":{"call":0.333,"mail":0.333,"nothing":0.333},"i":0,"id":7,"more":[1]}{{{"\n"}}}""");
        }

        Dictionary<(string, int), double[]> policy = PolicyFile.Read(Path, s_actions);

        Assert.Equal(2, policy.Count);
        Assert.Equal([0.25, 0.75, 0], policy[("c7", 2)]);
        Assert.All(policy[("7", 0)], p => Assert.Equal(1.0 / 3, p, 1e-12));
    }

    [Theory]
    [InlineData("""{"id":"c7","pi":{"mail":1}}""", "A line must be {\"id\": stream, \"i\": index of the event in it, from 0, \"pi\": {action: probability}}.")]
    [InlineData("""{"id":"c7","i":-1,"pi":{"mail":1}}""", "A line must be {\"id\": stream")]
    [InlineData("""{"id":"c7","i":1,"pi":[1,0,0]}""", "A line must be {\"id\": stream")]
    [InlineData("""{"id":"c7","i":1,"pi":{"post":1}}""", "'pi' names 'post', which is no action; there is call, mail, nothing.")]
    [InlineData("""{"id":"c7","i":1,"pi":{"mail":1.5,"call":-0.5}}""", "'pi' must hold probabilities from 0 to 1, got 1.5 for 'mail'.")]
    [InlineData("""{"id":"c7","i":1,"pi":{"mail":0.5}}""", "'pi' must add up to 1, and adds up to 0.5.")]
    [InlineData(Line, "Event 2 of stream 'c7' is there twice, and which of the two is meant cannot be told.")]
    [InlineData("""{"id":""", "The line is not JSON at byte")]
    public void Read_WhenALineIsNone_SaysWhichAndWhatWasExpected(string line, string problem)
    {
        File.WriteAllText(Path, $"{Line}\n{line}\n");

        string message = Assert.Throws<EventFileException>(() => PolicyFile.Read(Path, s_actions)).Message;

        Assert.StartsWith($"{Path}, line 2: {problem}", message);
    }
}
