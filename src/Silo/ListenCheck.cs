using System.Net;
using System.Net.Sockets;
using Foretell.Silo.Settings;
using Microsoft.AspNetCore.Http;

namespace Foretell.Silo;

/// <summary>Finds out whether HTTP can listen before the silo joins a cluster that would lose it again a moment later.</summary>
internal static class ListenCheck
{
    /// <summary>Listens at each address for an instant.</summary>
    /// <param name="setting">Name of the setting that has them.</param>
    /// <param name="urls">Addresses separated by ";", as they were checked with the other settings.</param>
    /// <exception cref="SettingsException">One of them is in use, or is none of this machine's.</exception>
    public static void Run(string setting, string urls)
    {
        foreach (BindingAddress address in urls.Split(';').Select(BindingAddress.Parse).Where(a => a.Port != 0))
        {
            try
            {
                using var listener = new TcpListener(Endpoint(address)) { ExclusiveAddressUse = false };
                listener.Start();
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                throw new SettingsException($"Foretell:{setting} is '{urls}', and another program listens there. Stop it, or give another address (port 0 takes any free one).", e);
            }
            catch (SocketException e)
            {
                throw new SettingsException(
                    $"Foretell:{setting} is '{urls}', where this machine cannot listen: {e.Message}. Give an address of this machine.", e);
            }
        }
    }

    /// <summary>As the web server takes it: a name other than localhost stands for every address.</summary>
    private static IPEndPoint Endpoint(BindingAddress address) => new(
        IPAddress.TryParse(address.Host, out IPAddress? ip) ? ip : address.Host == "localhost" ? IPAddress.Loopback : IPAddress.Any,
        address.Port);
}
