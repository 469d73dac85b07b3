using System.Net;
using Foretell.Silo.Settings;
using Foretell.Support;
using Microsoft.Extensions.Configuration;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Foretell.Kubernetes.Tests;

/// <summary>compose.yaml: silos that find each other, with settings that they accept.</summary>
public class ComposeTests
{
    private static readonly Dictionary<string, object> s_file = Read();

    [Fact]
    public void Silos_WhenTheirEnvironmentIsRead_AcceptItAndNameTheirOwnAddress()
    {
        Dictionary<object, object>[] silos =
            [.. Services().Where(s => s.Key.StartsWith("silo-", StringComparison.Ordinal)).Select(s => s.Value)];

        Assert.Equal(3, silos.Length);
        Assert.All(silos, silo =>
        {
            SiloSettings settings = SiloSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(Map(silo, "environment")
                .Where(e => ((string)e.Key).StartsWith("FORETELL", StringComparison.Ordinal))
                .Select(e => KeyValuePair.Create(((string)e.Key).Replace("FORETELL__", "Foretell:"), (string?)e.Value))).Build());
            Assert.Equal(IPAddress.Parse((string)Map(Map(silo, "networks"), "silos")["ipv4_address"]), settings.Address);
            Assert.Equal(settings.Model, ((List<object>)silo["volumes"]).Select(v => ((string)v).Split(':')[1]).Single());
        });
        Assert.Equal(3, silos.Select(s => (string)Map(s, "environment")["FORETELL__ADDRESS"]).Distinct().Count());
    }

    [Fact]
    public void Services_WhenTheyDependOnOthers_DependOnWhatIsThere()
    {
        Dictionary<string, Dictionary<object, object>> services = Services();

        IEnumerable<object> needed = services.Values.Where(s => s.ContainsKey("depends_on")).SelectMany(s => Map(s, "depends_on").Keys);

        Assert.Subset(services.Keys.ToHashSet<object>(), needed.ToHashSet());
        Assert.Contains("migrate", needed);
    }

    [Fact]
    public void Files_WhenAServiceMountsThem_AreThere()
    {
        string[] files = [.. Services().Values.Where(s => s.ContainsKey("volumes")).SelectMany(s => (List<object>)s["volumes"])
            .Select(v => ((string)v).Split(':')[0]).Where(v => v.StartsWith("./", StringComparison.Ordinal))];

        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.True(File.Exists(Repository.At(file)), file));
    }

    private static Dictionary<string, Dictionary<object, object>> Services() => ((Dictionary<object, object>)s_file["services"])
        .ToDictionary(s => (string)s.Key, s => (Dictionary<object, object>)s.Value);

    private static Dictionary<object, object> Map(Dictionary<object, object> of, string name) => (Dictionary<object, object>)of[name];

    private static Dictionary<string, object> Read() => new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(
        new MergingParser(new Parser(new StringReader(File.ReadAllText(Repository.At("compose.yaml"))))));
}
