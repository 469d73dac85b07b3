using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace Foretell.Web.Http;

/// <summary>Finds out whether HTTP can listen somewhere, before a program begins what it would have to end again a moment later.</summary>
public static class ListenCheck
{
    /// <summary>Listens at each address for an instant.</summary>
    /// <param name="name">Name of the setting or option that has them, for the sentence.</param>
    /// <param name="urls">Addresses separated by ";", http and absolute.</param>
    /// <exception cref="IOException">One of them is in use, is none of this machine's or cannot be listened on; says so in one
    /// sentence.</exception>
    public static void Run(string name, string urls)
    {
        foreach (BindingAddress address in Parse(urls))
        {
            if (address.PathBase.Length > 0)
            {
                throw new IOException($"{name} is '{urls}', and '{address.PathBase}' is no part of where to listen. Give addresses without a path.");
            }
            if (address is { Port: 0, Host: "localhost" })
            {
                throw new IOException($"{name} is '{urls}', and localhost stands for two addresses that cannot have one free port. Give 127.0.0.1.");
            }
            if (address.Port != 0)
            {
                Listen(name, urls, address);
            }
        }
    }

    /// <summary>True where two lists of addresses name one port of one address.</summary>
    public static bool Overlap(string urls, string others) => Parse(urls).Any(one => Parse(others).Any(other =>
        one.Port != 0 && one.Port == other.Port && (Endpoint(one), Endpoint(other)) is var (a, b)
        && (a.Equals(b) || IsEvery(a.Address) || IsEvery(b.Address) || one.Host == "localhost" && IPAddress.IsLoopback(b.Address)
            || other.Host == "localhost" && IPAddress.IsLoopback(a.Address))));

    private static IEnumerable<BindingAddress> Parse(string urls) => urls.Split(';').Select(BindingAddress.Parse);

    private static void Listen(string name, string urls, BindingAddress address)
    {
        try
        {
            using var listener = new TcpListener(Endpoint(address)) { ExclusiveAddressUse = false };
            listener.Start();
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new IOException($"{name} is '{urls}', and another program listens there. Stop it, or give another address (port 0 takes any free one).", e);
        }
        catch (SocketException e)
        {
            throw new IOException($"{name} is '{urls}', where this machine cannot listen: {e.Message}. Give an address of this machine.", e);
        }
    }

    private static bool IsEvery(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <summary>As the web server takes it: a name other than localhost stands for every address.</summary>
    private static IPEndPoint Endpoint(BindingAddress address) => new(
        IPAddress.TryParse(address.Host, out IPAddress? ip) ? ip : address.Host == "localhost" ? IPAddress.Loopback : IPAddress.Any,
        address.Port);
}
