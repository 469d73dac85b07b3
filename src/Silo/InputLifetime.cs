using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;

namespace Foretell.Silo;

/// <summary>Stops the silo when its standard input ends: whoever holds the other end said so, or is gone, however that came
/// about.</summary>
/// <remarks>A Ctrl-C in a terminal reaches every process of it. Here it is left to the one that started the silo, who decides
/// what stops when.</remarks>
internal sealed class InputLifetime(IHostApplicationLifetime application) : IHostLifetime, IDisposable
{
    private PosixSignalRegistration[] _signals = [];

    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
            {
                signal.Cancel = true;
                application.StopApplication();
            }),
        ];
        new Thread(Watch) { IsBackground = true, Name = "foretell-input" }.Start();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_signals, signal => signal.Dispose());

    private void Watch()
    {
        using (Stream input = Console.OpenStandardInput())
        {
            byte[] ignored = new byte[256];
            while (input.Read(ignored) > 0)
            {
                // What is written there means nothing.
            }
        }
        application.StopApplication();
    }
}
