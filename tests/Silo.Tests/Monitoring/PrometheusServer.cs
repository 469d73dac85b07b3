using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Foretell.Support;

namespace Foretell.Silo.Tests.Monitoring;

/// <summary>A Prometheus of the test's own: its process, its configuration, its data, its port on this machine.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http;
    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly Task _errorEnd;

    private PrometheusServer(TemporaryFolder folder, int port)
    {
        string address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        _http = new HttpClient { BaseAddress = new Uri($"http://{address}"), Timeout = TimeSpan.FromSeconds(20) };
        _process = Process.Start(new ProcessStartInfo("prometheus", [$"--config.file={folder.At("prometheus.yml")}",
            $"--storage.tsdb.path={folder.At("data")}", $"--web.listen-address={address}", "--log.level=warn"])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardError = true,
        })!;
        _errorEnd = ReadErrorsAsync();
    }

    /// <summary>Starts it, and waits until it answers.</summary>
    /// <param name="folder">Where its files are.</param>
    /// <param name="rules">Rules, as a file has them.</param>
    /// <param name="targets">Addresses to scrape, each with its namespace.</param>
    public static async Task<PrometheusServer> StartAsync(TemporaryFolder folder, string rules,
        IEnumerable<(Uri Metrics, string Namespace)> targets)
    {
        await File.WriteAllTextAsync(folder.At("rules.yml"), rules);
        string scraped = string.Concat(targets.Select(t =>
            $"      - targets: ['{t.Metrics.Authority}']\n        labels: {{ namespace: {t.Namespace} }}\n"));
        await File.WriteAllTextAsync(folder.At("prometheus.yml"),
            $"global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [rules.yml]\n"
            + $"scrape_configs:\n  - job_name: foretell\n    static_configs:\n{scraped}");
        var server = new PrometheusServer(folder, FreePort());
        try
        {
            await server.ReadyAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A port of this machine that nobody has now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Values of an expression now, one a series; empty where it selects nothing.</summary>
    public async Task<IReadOnlyList<double>> QueryAsync(string expression)
    {
        JsonElement data = await GetAsync("/api/v1/query?query=" + Uri.EscapeDataString(expression));
        return [.. data.GetProperty("result").EnumerateArray()
            .Select(series => double.Parse(series.GetProperty("value")[1].GetString()!.Replace("Inf", "Infinity"), CultureInfo.InvariantCulture))];
    }

    /// <summary>Alerts that fire now: names, and what their summaries say.</summary>
    public async Task<IReadOnlyList<(string Name, string Namespace, string Summary)>> FiringAsync()
    {
        JsonElement data = await GetAsync("/api/v1/alerts");
        return [.. data.GetProperty("alerts").EnumerateArray().Where(alert => alert.GetProperty("state").GetString() == "firing")
            .Select(alert => (Label(alert, "alertname"), Label(alert, "namespace"),
                alert.GetProperty("annotations").GetProperty("summary").GetString()!))];
    }

    /// <summary>What is wrong with rules that were evaluated, by their names.</summary>
    public async Task<IReadOnlyList<string>> SickRulesAsync()
    {
        JsonElement data = await GetAsync("/api/v1/rules");
        return [.. data.GetProperty("groups").EnumerateArray().SelectMany(group => group.GetProperty("rules").EnumerateArray())
            .Where(rule => rule.GetProperty("health").GetString() != "ok")
            .Select(rule => $"{rule.GetProperty("name")} {rule.GetProperty("health")}: {(rule.TryGetProperty("lastError", out JsonElement e) ? e : default)}")];
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        await _errorEnd;
        _process.Dispose();
        _http.Dispose();
    }

    private static string Label(JsonElement alert, string name) => alert.GetProperty("labels").GetProperty(name).GetString()!;

    private async Task<JsonElement> GetAsync(string path)
    {
        using JsonDocument answer = JsonDocument.Parse(await _http.GetStringAsync(path));
        return answer.RootElement.GetProperty("data").Clone();
    }

    private async Task ReadyAsync()
    {
        using var limit = new CancellationTokenSource(s_limit);
        while (true)
        {
            Assert.False(_process.HasExited || limit.IsCancellationRequested, $"Prometheus did not start: {_errors}");
            try
            {
                using HttpResponseMessage answer = await _http.GetAsync("/-/ready");
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }
            await Task.Delay(50);
        }
    }

    private async Task ReadErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            _errors.AppendLine(line);
        }
    }
}
