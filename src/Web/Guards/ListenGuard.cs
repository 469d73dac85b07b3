using System.Net;
using Microsoft.AspNetCore.Http;

namespace Foretell.Web.Guards;

/// <summary>Keeps a host from listening where others can reach it while anyone may do anything there, or keys would travel in the
/// clear: nobody should find out from a stranger that an address was open.</summary>
public sealed record ListenGuard
{
    /// <summary>Addresses of the API, separated by ";".</summary>
    public required string Urls { get; init; }

    /// <summary>Whether there is a certificate for the https addresses.</summary>
    public bool HasCertificate { get; init; }

    /// <summary>Whether clients must prove who they are.</summary>
    public bool NeedsKeys { get; init; }

    /// <summary>Whether TLS ends in front of the host (an ingress, a load balancer, a service mesh), whose business http is then.</summary>
    public bool IsBehindTlsProxy { get; init; }

    /// <summary>Whether somebody has said that it is to listen all the same.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>What the options are called, for the sentences: addresses, certificate, keys, proxy, insecure.</summary>
    public required (string Urls, string Certificate, string Keys, string Proxy, string Insecure) Names { get; init; }

    /// <summary>Whether only this machine can reach an address.</summary>
    public static bool IsOfThisMachineAlone(BindingAddress address) => address.IsUnixPipe || address.Host == "localhost"
        || (IPAddress.TryParse(address.Host.Trim('[', ']'), out IPAddress? ip) && IPAddress.IsLoopback(ip));

    /// <summary>What is wrong, and what to do, in a sentence or two; null where the host may listen.</summary>
    public string? Refuse()
    {
        BindingAddress[] addresses = [.. Urls.Split(';').Select(BindingAddress.Parse)];
        if (addresses.FirstOrDefault(IsTls) is { } without && !HasCertificate)
        {
            return $"{Names.Urls} has {without}, and there is no certificate. Give one with {Names.Certificate}.";
        }
        if (HasCertificate && !addresses.Any(IsTls))
        {
            return $"{Names.Certificate} is given, and {Names.Urls} is '{Urls}': nothing there is https. Write https:// where the certificate is to be used.";
        }
        if (IsInsecure || addresses.FirstOrDefault(a => !IsOfThisMachineAlone(a)) is not { } open)
        {
            return null;
        }
        if (!NeedsKeys)
        {
            return $"{Names.Urls} has {open}, which others than this machine can reach, and anyone could read and write everything there. "
                + $"Make a key with 'foretell keys add' and give its file with {Names.Keys}, or listen on 127.0.0.1; {Names.Insecure} listens all the same.";
        }
        return IsBehindTlsProxy || addresses.FirstOrDefault(a => !IsOfThisMachineAlone(a) && !IsTls(a)) is not { } plain ? null
            : $"{Names.Urls} has {plain}, which others than this machine can reach, and keys and events would travel there in the clear. "
                + $"Write https:// and give {Names.Certificate}, or {Names.Proxy} where TLS ends in front of this host; {Names.Insecure} listens all the same.";
    }

    private static bool IsTls(BindingAddress address) => address.Scheme.Equals(Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase);
}
