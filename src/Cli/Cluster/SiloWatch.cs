using Foretell.Cli.Running;

namespace Foretell.Cli.Cluster;

/// <summary>Knows which silos serve: asks each whether it lives, beside everything else.</summary>
internal sealed class SiloWatch : IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1), s_patience = TimeSpan.FromSeconds(2);

    private readonly IReadOnlyList<SiloProcess> _silos;
    private readonly bool[] _isSilent;
    private readonly HttpClient _http = new() { Timeout = s_patience };
    private readonly CancellationTokenSource _stop = new();

    public SiloWatch(IReadOnlyList<SiloProcess> silos)
    {
        (_silos, _isSilent) = (silos, new bool[silos.Count]);
        for (int i = 0; i < silos.Count; i++)
        {
            _ = AskAsync(i);
        }
    }

    /// <summary>How each silo is doing.</summary>
    public IReadOnlyList<SiloState> States() => [.. _silos.Select((silo, i) => new SiloState(silo.Name, Health(i)))];

    /// <summary>A sentence on each silo that does not serve.</summary>
    public IEnumerable<string> Troubles() => _silos.Select((silo, i) => Health(i) switch
    {
        SiloHealth.Gone => silo.End,
        SiloHealth.Silent => $"{silo.Name} does not answer.",
        _ => null,
    }).OfType<string>();

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _http.Dispose();
    }

    private SiloHealth Health(int i) =>
        _silos[i].HasExited ? SiloHealth.Gone : Volatile.Read(ref _isSilent[i]) ? SiloHealth.Silent : SiloHealth.Serving;

    private async Task AskAsync(int i)
    {
        var address = new Uri(_silos[i].Urls[0], "health/live");
        while (!_stop.IsCancellationRequested && !_silos[i].HasExited)
        {
            try
            {
                using HttpResponseMessage answer = await _http.GetAsync(address, _stop.Token);
                Volatile.Write(ref _isSilent[i], false);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                Volatile.Write(ref _isSilent[i], true);
            }
            await Task.Delay(s_interval, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
