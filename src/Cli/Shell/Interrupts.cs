using System.Runtime.InteropServices;

namespace Foretell.Cli.Shell;

/// <summary>Turns the first Ctrl-C or termination signal into a cancellation; the second ends the process at once.</summary>
public sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;

    /// <summary>Starts listening.</summary>
    public Interrupts() =>
        _registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(s => PosixSignalRegistration.Create(s, OnSignal))];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void OnSignal(PosixSignalContext context)
    {
        // Not cancelling the default action lets the second signal end a process that does not come to its end.
        context.Cancel = !_source.IsCancellationRequested;
        // Callbacks of the token may be slow; the signal thread must stay free for the second signal.
        _ = _source.CancelAsync();
    }
}
