using System.Diagnostics;
using Foretell.Support;

namespace Foretell.Kubernetes.Tests.Compose;

/// <summary>compose.yaml and folder compose: silos that find each other, and what its profiles bring beside them.</summary>
public class ComposeTests
{
    [Fact]
    public void Compose_WhenChecked_HasNothingWrong() => Assert.Empty(ComposeRules.Check(new ComposeFile(Read("compose.yaml")!, Read)));

    [Theory]
    [InlineData("FORETELL__ADDRESS: 172.28.57.12", "FORETELL__ADDRESS: 172.28.57.11", "silo-2 has address 172.28.57.12, and tells the others 172.28.57.11.")]
    [InlineData("ipv4_address: 172.28.57.13", "ipv4_address: 172.28.57.12", "There are 3 silos at 172.28.57.11, 172.28.57.12")]
    [InlineData("FORETELL__PARTITIONS: \"6\"", "FORETELL__PARTITION: \"6\"", "Foretell:PARTITION is not a setting.")]
    [InlineData("demo.safetensors:/model/model.safetensors", "demo.safetensors:/models/model.safetensors", "where nothing is mounted")]
    [InlineData("./src/Cli/Models/demo.safetensors", "./src/Cli/Models/demos.safetensors", "mounts ./src/Cli/Models/demos.safetensors, which is not there")]
    [InlineData("127.0.0.1:5083:5057", "127.0.0.1:5083:8080", "Service silo-3 publishes port 8080, and listens on 5057.")]
    [InlineData("127.0.0.1:5083:5057", "127.0.0.1:5082:5057", "2 services are published at 127.0.0.1:5082.")]
    [InlineData("127.0.0.1:9090:9090", "9090:9090", "Service prometheus publishes 9090:9090 to everybody")]
    [InlineData("      postgres:\n        condition", "      postgresql:\n        condition", "migrate depends on postgresql, which is not there")]
    [InlineData("    depends_on:\n      - azurite", "    depends_on:\n      - grafana", "depends on grafana, which starts with a profile only")]
    [InlineData("http://*:9464", "http://*:9465", "the silos tell their metrics at silo-1:9465")]
    [InlineData("  OTEL_EXPORTER_OTLP_ENDPOINT:\n", "", "Service silo-1 does not take OTEL_EXPORTER_OTLP_ENDPOINT")]
    [InlineData("  OTEL_EXPORTER_OTLP_ENDPOINT:\n", "  OTEL_EXPORTER_OTLP_ENDPOINT: http://otel-collector:4317\n", "also where nobody asked")]
    [InlineData("  FORETELL__EVENTHUBS__ORDERS__CONNECTION:\n", "", "silo-1: the silo would refuse its settings with compose/event-hubs.env")]
    [InlineData("prom/prometheus:v3.5.0", "prom/prometheus", "Service prometheus runs docker.io/prom/prometheus, whatever")]
    public void Check_WhenAMistakeIsPlantedInComposeYaml_NamesIt(string right, string wrong, string sentence) =>
        AssertFound("compose.yaml", right, wrong, sentence);

    [Theory]
    [InlineData("compose/prometheus.yaml", "silo-2:9464", "silo-2:5057", "scrapes silo-1:9464, silo-2:5057")]
    [InlineData("compose/prometheus.yaml", "job_name: foretell", "job_name: silos", "has no job 'foretell'")]
    [InlineData("compose/otel-collector.yaml", "0.0.0.0:4317", "0.0.0.0:4318", "and the collector takes it at 0.0.0.0:4318.")]
    [InlineData("compose/monitoring.env", "otel-collector", "collector", "sends the silos' telemetry to 'http://collector:4317'")]
    [InlineData("compose/grafana/datasources.yaml", "prometheus:9090", "prometheus:9091", "asks http://prometheus:9091")]
    [InlineData("compose/event-hubs.json", "\"orders\"", "\"order\"", "names 'orders', which the emulator does not have")]
    [InlineData("compose/event-hubs.env", "CONSUMERGROUP=foretell", "CONSUMERGROUP=foretel", "names 'foretel'")]
    [InlineData("compose/event-hubs.env", "sb://event-hubs;", "sb://emulator;", "names host emulator")]
    [InlineData("compose/event-hubs.env", ";EntityPath=orders", "", "the silo would refuse its settings with")]
    public void Check_WhenAMistakeIsPlantedInAFileBesideIt_NamesIt(string file, string right, string wrong, string sentence) =>
        AssertFound(file, right, wrong, sentence);

    [Fact]
    public async Task Prometheus_WhenItsOwnCheckerReadsTheFile_AcceptsIt()
    {
        (int exitCode, string output) = await PromtoolAsync(Read(MonitoringRules.Prometheus)!);

        Assert.True(exitCode == 0, output);
        Assert.Contains("1 rule files found", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prometheus_WhenAMistakeIsPlanted_RefusesIt()
    {
        (int exitCode, string output) = await PromtoolAsync(Read(MonitoringRules.Prometheus)!.Replace("static_configs", "static_config"));

        Assert.NotEqual(0, exitCode);
        Assert.Contains("static_config", output, StringComparison.Ordinal);
    }

    private static void AssertFound(string file, string right, string wrong, string sentence)
    {
        string text = Read(file)!;
        int place = text.IndexOf(right, StringComparison.Ordinal);
        Assert.True(place >= 0, $"{file} holds no '{right}' any more; plant this mistake elsewhere.");
        string planted = string.Concat(text.AsSpan(0, place), wrong, text.AsSpan(place + right.Length));
        string? ReadPlanted(string path) => path == file ? planted : Read(path);

        Assert.Contains(ComposeRules.Check(new ComposeFile(ReadPlanted("compose.yaml")!, ReadPlanted)),
            finding => finding.Contains(sentence, StringComparison.Ordinal));
    }

    private static string? Read(string path) => File.Exists(Repository.At(path)) ? File.ReadAllText(Repository.At(path)) : null;

    /// <summary>Asks promtool about a configuration that lies where the container has it: beside the rules.</summary>
    private static async Task<(int ExitCode, string Output)> PromtoolAsync(string configuration)
    {
        Assert.SkipUnless((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(path => File.Exists(Path.Combine(path, "promtool"))),
            "Prometheus' program promtool was not found. Install it (Debian, Ubuntu: apt install prometheus).");
        using var folder = new TemporaryFolder();
        File.Copy(Repository.At("k8s/monitoring/rules.yaml"), folder.At("rules.yaml"));
        using Process process = Process.Start(new ProcessStartInfo("promtool", ["check", "config", folder.Write("prometheus.yml", configuration)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }
}
