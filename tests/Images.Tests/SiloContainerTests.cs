using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Foretell.Images.Tests.Building;
using Foretell.Images.Tests.Running;

namespace Foretell.Images.Tests;

/// <summary>The image at work as a pod runs it: another user than root, no capabilities, a root that cannot be written.</summary>
public sealed partial class SiloContainerTests(SiloImage image) : IDisposable
{
    /// <summary>ShutdownSeconds of k8s/base/settings.env, and the 5 s after which a silo ends whatever it waits for.</summary>
    private static readonly TimeSpan s_stop = TimeSpan.FromSeconds(25 + 5);

    /// <summary>Longer than any start on a busy machine.</summary>
    private static readonly TimeSpan s_start = TimeSpan.FromMinutes(2);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(20) };

    public void Dispose() => _http.Dispose();

    [ContainerFact]
    public async Task Silo_WhenItsTablesAreMade_ServesUntilItIsToldToEndAndWritesNothingToItsRoot()
    {
        await using PlayedPod pod = await PlayedPod.CreateAsync();
        ContainerPlan migrate = await pod.PlanAsync(image, "migrate"), silo = await pod.PlanAsync(image);
        IReadOnlyList<string> before = FolderSnapshot.Of(silo.Root);

        (int migrated, string said) = await Container.RunAsync(migrate);
        Assert.True(migrated == 0, said);
        await using Container container = Container.Start(silo);
        foreach (string probe in new[] { "startup", "ready", "live" })
        {
            await AnswersAsync(container, new Uri(pod.Url, $"/health/{probe}"));
        }
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using HttpResponseMessage accepted = await _http.PostAsJsonAsync(new Uri(pod.Url, "/v1/events"),
            Enumerable.Range(0, 5).Select(i => new { stream = "customer-7", time = now.AddSeconds(i - 10), mark = "view" }));
        string answer = await accepted.Content.ReadAsStringAsync();
        Assert.True(accepted.StatusCode == HttpStatusCode.Accepted, $"{answer}\n{container.Said}");
        string position = JsonDocument.Parse(answer).RootElement.GetProperty("position").GetString()!;
        string forecast =
            await AnswersAsync(container, new Uri(pod.Url, $"/v1/streams/customer-7/forecast?after={Uri.EscapeDataString(position)}&horizon=1m"));
        var clock = Stopwatch.StartNew();
        int ended = await container.StopAsync();

        Assert.Equal("customer-7", JsonDocument.Parse(forecast).RootElement.GetProperty("stream").GetString());
        Assert.True(ended == 0, $"It ended with {ended}: {container.Said}");
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, s_stop);
        Assert.Equal(before, FolderSnapshot.Of(silo.Root));
    }

    [ContainerFact]
    public async Task Process_WhenTheKernelIsAskedAboutIt_HasNoRights()
    {
        await using PlayedPod pod = await PlayedPod.CreateAsync();
        await using Container container = Container.Start(await pod.PlanAsync(image));
        await BegunAsync(container);

        string status = await container.ProcAsync("status"), mounts = await container.ProcAsync("mountinfo");

        Assert.Contains("Uid:\t1654\t1654\t1654\t1654\n", status, StringComparison.Ordinal);
        Assert.Contains("Gid:\t1654\t1654\t1654\t1654\n", status, StringComparison.Ordinal);
        Assert.Contains("NoNewPrivs:\t1\n", status, StringComparison.Ordinal);
        Assert.Equal(5, Capabilities().Count(status));
        // 2 is a filter of system calls.
        Assert.Contains($"Seccomp:\t{(SeccompProfile.IsThere ? 2 : 0)}\n", status, StringComparison.Ordinal);
        Assert.Matches(RootMount(), mounts);
    }

    [MemoryLimitFact]
    public async Task Process_WhenTheKernelIsAskedAboutItsMemory_HasTheLimit()
    {
        await using PlayedPod pod = await PlayedPod.CreateAsync();
        await using Container container = Container.Start(await pod.PlanAsync(image));
        await BegunAsync(container);

        string groups = await container.ProcAsync("cgroup");

        string limit = MemoryGroup().Match(groups) is { Success: true } first
            ? $"/sys/fs/cgroup/memory{first.Groups[1].Value}/memory.limit_in_bytes"
            : $"/sys/fs/cgroup{OnlyGroup().Match(groups).Groups[1].Value}/memory.max";
        Assert.Equal(PlayedPod.MemoryBytes, long.Parse(await File.ReadAllTextAsync(limit)));
    }

    /// <summary>Asks until the answer is 200, as who starts a pod does.</summary>
    private async Task<string> AnswersAsync(Container container, Uri url)
    {
        using var limit = new CancellationTokenSource(s_start);
        string last = "nothing";
        while (true)
        {
            Assert.False(container.HasExited, $"The silo ended: {container.Said}");
            Assert.False(limit.IsCancellationRequested, $"{url} does not answer 200, but {last}: {container.Said}");
            try
            {
                using HttpResponseMessage answer = await _http.GetAsync(url);
                string body = await answer.Content.ReadAsStringAsync();
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return body;
                }
                last = $"{answer.StatusCode}: {body}";
            }
            catch (HttpRequestException e)
            {
                last = e.Message;
            }
            await Task.Delay(50);
        }
    }

    /// <summary>Waits until the runtime's first steps are behind it, and the program is what runs.</summary>
    private static async Task BegunAsync(Container container)
    {
        using var limit = new CancellationTokenSource(s_start);
        while (!await IsProgramAsync(container))
        {
            Assert.False(container.HasExited, container.Said);
            await Task.Delay(20, limit.Token);
        }
    }

    private static async Task<bool> IsProgramAsync(Container container)
    {
        try
        {
            return (await container.ProcAsync("cmdline")).StartsWith("/app/foretell-silo", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false; // Its number is not written down yet.
        }
    }

    /// <summary>Inherited, permitted, effective, bounding, ambient: none of each.</summary>
    [GeneratedRegex(@"^Cap(Inh|Prm|Eff|Bnd|Amb):\t0{16}$", RegexOptions.Multiline)]
    private static partial Regex Capabilities();

    /// <summary>"id parent device root / options": the mount at the container's root, and that it is read-only.</summary>
    [GeneratedRegex(@"^\d+ \d+ \S+ \S+ / ro,", RegexOptions.Multiline)]
    private static partial Regex RootMount();

    [GeneratedRegex(@"^\d+:memory:(.+)$", RegexOptions.Multiline)]
    private static partial Regex MemoryGroup();

    [GeneratedRegex("^0::(.+)$", RegexOptions.Multiline)]
    private static partial Regex OnlyGroup();
}
