using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;
using YamlDotNet.Serialization;

namespace Foretell.Kubernetes.Tests.Compose;

/// <summary>compose.yaml, read, with the files beside it that its services are given.</summary>
/// <param name="yaml">Its text.</param>
/// <param name="read">Text of a file, by its path from the repository's root; null where there is none.</param>
internal sealed class ComposeFile(string yaml, Func<string, string?> read)
{
    private readonly Dictionary<object, object> _root = new DeserializerBuilder().Build()
        .Deserialize<Dictionary<object, object>>(new MergingParser(new Parser(new StringReader(yaml))));

    /// <summary>Every service, by name.</summary>
    public IReadOnlyDictionary<string, ComposeService> Services =>
        Map(_root["services"]).ToDictionary(s => (string)s.Key, s => new ComposeService((string)s.Key, Map(s.Value)));

    /// <summary>The services that run silos.</summary>
    public IReadOnlyList<ComposeService> Silos => [.. Services.Values.Where(s => s.Image == "foretell-silo:dev" && s.Name != "migrate")];

    /// <summary>Text of a file of the repository; null where there is none.</summary>
    public string? Read(string path) => read(path);

    /// <summary>Variables of a file of lines NAME=VALUE.</summary>
    public IReadOnlyDictionary<string, string> Variables(string path) => (read(path) ?? "").Split('\n')
        .Where(line => line is not ("" or ['#', ..])).Select(line => line.Split('=', 2)).ToDictionary(v => v[0], v => v[1]);

    /// <summary>A file of YAML, or of JSON, which is YAML, too.</summary>
    public YamlNode Document(string path)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(read(path) ?? ""));
        return stream.Documents[0].RootNode;
    }

    internal static Dictionary<object, object> Map(object value) => (Dictionary<object, object>)value;
}
