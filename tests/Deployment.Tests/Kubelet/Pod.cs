using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Foretell.Rendering;
using k8s.Models;

namespace Foretell.Deployment.Tests.Kubelet;

/// <summary>One pod and all that a kubelet does for it: init containers, start, probes, restarts, and its end.</summary>
/// <remarks>Left out: what a container runtime does (images, users, mounts, cgroups). Silos are pods with one container.</remarks>
internal sealed class Pod
{
    private readonly V1PodSpec _spec;
    private readonly Node _node;
    private readonly PodFiles _files;
    private readonly Action _changed;
    private readonly TaskCompletionSource _deletion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder _history = new();
    private readonly Stopwatch _age = Stopwatch.StartNew();
    private volatile ContainerProcess? _running;
    private string _earlierLogs = "";

    /// <summary>Makes a pod and starts it.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="version">Which template of its Deployment it was made from.</param>
    /// <param name="spec">What it is like.</param>
    /// <param name="node">What it finds on its machine.</param>
    /// <param name="changed">Called when it becomes ready, or is not any more, or is gone.</param>
    public Pod(string name, string version, V1PodSpec spec, Node node, Action changed)
    {
        (Name, Version, _spec, _node, _changed, Address) = (name, version, spec, node, changed, node.NextAddress());
        _files = new PodFiles(spec, node, node.FolderOf(name));
        Ended = Task.Run(RunAsync);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Which template of its Deployment it was made from.</summary>
    public string Version { get; }

    /// <summary>Its address (status.podIP).</summary>
    public IPAddress Address { get; }

    /// <summary>True while its container runs and its readiness probe is content.</summary>
    public bool IsReady { get; private set; }

    /// <summary>True from the moment at which it was told to end.</summary>
    public bool IsTerminating => _deletion.Task.IsCompleted;

    /// <summary>Completes once it is gone.</summary>
    public Task Ended { get; }

    /// <summary>How often a probe had its container ended.</summary>
    public int EndedByProbe { get; private set; }

    /// <summary>How often it was ready and then was not, without having been told to end.</summary>
    public int TimesLost { get; private set; }

    /// <summary>How long the end of its container took from the moment at which the pod was told to end; null until then.</summary>
    public TimeSpan? TimeToEnd { get; private set; }

    /// <summary>True when a container had not ended within the pod's grace and got SIGKILL.</summary>
    public bool OutlivedItsGrace { get; private set; }

    /// <summary>Time since it was made.</summary>
    public TimeSpan Age => _age.Elapsed;

    /// <summary>How long its container sleeps between being told to end and SIGTERM.</summary>
    public TimeSpan PreStop => SleepOf(_spec.Containers[0]);

    /// <summary>Bytes of memory that its container may have.</summary>
    public long MemoryLimit => Limit(_spec.Containers[0]) ?? long.MaxValue;

    /// <summary>The most memory that its container has had at a time, bytes; 0 while none runs.</summary>
    public long PeakMemory => _running?.PeakMemory ?? 0;

    /// <summary>What happened to it, one line each.</summary>
    public string History
    {
        get
        {
            lock (_history)
            {
                return _history.ToString();
            }
        }
    }

    /// <summary>What its containers have written.</summary>
    public string Log => _earlierLogs + _running?.Log;

    /// <summary>Tells it to end; <see cref="Ended"/> completes when it has.</summary>
    public void Delete()
    {
        Tell("is told to end");
        _deletion.TrySetResult();
    }

    /// <summary>SIGKILL to its container, as from a machine without memory; the kubelet starts it again.</summary>
    public void Kill()
    {
        Tell("gets SIGKILL from outside");
        _running?.Kill();
    }

    private async Task RunAsync()
    {
        _files.Make();
        foreach (V1Container container in _spec.InitContainers ?? [])
        {
            for (int ends = 0; !IsTerminating && await RunOnceAsync(container) != 0; ends++)
            {
                await BackOffAsync(ends);
            }
        }
        for (int ends = 0; !IsTerminating; ends++)
        {
            await RunOnceAsync(_spec.Containers.Single());
            await BackOffAsync(ends);
        }
        Tell("is gone");
        _changed();
    }

    /// <summary>Runs a container until it ends, whoever wants it to; returns its exit code.</summary>
    private async Task<int> RunOnceAsync(V1Container container)
    {
        using ContainerProcess process = Start(container);
        _running = process;
        using var probing = new CancellationTokenSource();
        Task<string> complaint = ProbeAsync(container, probing.Token);
        Task first = await Task.WhenAny(process.Exited, _deletion.Task, complaint);
        if (first == complaint)
        {
            EndedByProbe++;
            Tell($"{container.Name} is to be started again: {await complaint}");
        }
        await probing.CancelAsync();
        if (first != process.Exited)
        {
            await EndAsync(container, process);
        }
        int code = await process.Exited;
        Tell($"{container.Name} ended with {code}");
        Become(ready: false);
        (_running, _earlierLogs) = (null, _earlierLogs + process.Log);
        return code;
    }

    private ContainerProcess Start(V1Container container)
    {
        Image image = _node.Images.TryGetValue(container.Image, out Image? found) ? found
            : throw new InvalidOperationException($"Pod {Name} wants image {container.Image}. The node has {string.Join(", ", _node.Images.Keys)}.");
        Dictionary<string, string> environment = ContainerEnvironment.Read(container, name => _node.ConfigMaps[name].Data, ValueOf);
        foreach ((string name, string value) in environment)
        {
            // All addresses of a pod are its own one; here they would be every pod's.
            environment[name] = _files.Resolve(container, image, value).Replace("//*:", $"//{Address}:", StringComparison.Ordinal);
        }
        // As in every pod; and the memory of the machine is what the container may have.
        environment["KUBERNETES_SERVICE_HOST"] = "10.96.0.1";
        if (Limit(container) is { } limit)
        {
            environment["DOTNET_GCTotalPhysicalMemory"] = limit.ToString("X", CultureInfo.InvariantCulture);
        }
        Tell($"{container.Name} starts");
        IEnumerable<string> command = (container.Command ?? image.Entrypoint).Concat(container.Args ?? []);
        return ContainerProcess.Start([.. command.Select(part => _files.Resolve(container, image, part))], environment);
    }

    private string ValueOf(V1EnvVar variable) => variable.ValueFrom switch
    {
        { FieldRef.FieldPath: "status.podIP" } => Address.ToString(),
        { FieldRef.FieldPath: "metadata.name" } => Name,
        { SecretKeyRef: { } secret } => Encoding.UTF8.GetString(_node.Secrets[secret.Name][secret.Key]),
        _ => throw new NotSupportedException($"Variable {variable.Name} comes from where the test kubelet does not look; teach it in Pod."),
    };

    /// <summary>Probes a container: first whether it has started, then whether it is ready and alive. Init containers have no
    /// probes.</summary>
    /// <returns>Why it is to be ended; never, as long as there is no reason.</returns>
    private async Task<string> ProbeAsync(V1Container container, CancellationToken cancellationToken)
    {
        var reason = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (container.StartupProbe is not null)
        {
            var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var starting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Run(container.StartupProbe, good => _ = good ? started.TrySetResult() : reason.TrySetResult("it did not start in time"),
                starting.Token);
            if (await Task.WhenAny(started.Task, reason.Task) == started.Task)
            {
                await starting.CancelAsync();
                Run(container.ReadinessProbe, Become, cancellationToken);
                Run(container.LivenessProbe, good => _ = good || reason.TrySetResult("it does not live"), cancellationToken);
            }
        }
        return await reason.Task;

        void Run(V1Probe probe, Action<bool> verdict, CancellationToken token) =>
            _ = new Probe(probe, container, Address).RunAsync(verdict, token);
    }

    /// <summary>preStop, SIGTERM, and SIGKILL when the grace is over; the grace counts from the first of them.</summary>
    private async Task EndAsync(V1Container container, ContainerProcess process)
    {
        var clock = Stopwatch.StartNew();
        TimeSpan grace = TimeSpan.FromSeconds(_spec.TerminationGracePeriodSeconds ?? 30);
        TimeSpan sleep = SleepOf(container);
        await Task.WhenAny(process.Exited, Task.Delay(sleep < grace ? sleep : grace));
        process.Stop();
        TimeSpan left = grace - clock.Elapsed;
        if (await Task.WhenAny(process.Exited, Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero)) != process.Exited)
        {
            OutlivedItsGrace = true;
            Tell($"{container.Name} has not ended within {grace.TotalSeconds} s and gets SIGKILL");
            process.Kill();
        }
        await process.Exited;
        TimeToEnd = clock.Elapsed;
    }

    /// <summary>The first restart comes at once, the second after 10 s, and each later one after twice as long, up to 300 s.</summary>
    private Task BackOffAsync(int ends) => Task.WhenAny(_deletion.Task,
        Task.Delay(TimeSpan.FromSeconds(ends == 0 ? 0 : Math.Min(300, 10 * Math.Pow(2, ends - 1)))));

    private void Become(bool ready)
    {
        if (IsReady != ready)
        {
            IsReady = ready;
            TimesLost += ready || IsTerminating ? 0 : 1;
            Tell(ready ? $"is ready, {Age.TotalSeconds:0.0} s old" : "is not ready");
            _changed();
        }
    }

    private void Tell(string what)
    {
        lock (_history)
        {
            _history.Append(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:HH:mm:ss.f} {Name} {what}\n");
        }
    }

    private static TimeSpan SleepOf(V1Container container) => TimeSpan.FromSeconds(container.Lifecycle?.PreStop?.Sleep?.Seconds ?? 0);

    private static long? Limit(V1Container container) =>
        container.Resources?.Limits?.TryGetValue("memory", out ResourceQuantity? limit) == true ? (long)limit.ToDecimal() : null;
}
