using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Foretell.Silo.Settings;

/// <summary>Where Orleans' dashboard is served, and for whom.</summary>
/// <param name="Urls">Addresses of this machine alone, separated by ";".</param>
/// <param name="Password">What it wants to be told, 12 characters or more.</param>
internal sealed record DashboardSettings(string Urls, string Password)
{
    /// <summary>The longest password, in bytes of UTF-8.</summary>
    private const int LongestPassword = 200;

    /// <summary>Reads the settings; null where no dashboard is asked for.</summary>
    /// <exception cref="SettingsException">The password is missing or weak, or others than this machine could reach an address.</exception>
    public static DashboardSettings? Read(SettingsSection section)
    {
        string? urls = section.OptionalText("DashboardUrls"), password = section.FileText("DashboardPasswordFile");
        if (urls is null)
        {
            return password is null ? null
                : throw new SettingsException("Foretell:DashboardPasswordFile is given, and Foretell:DashboardUrls is not. Give an address such as http://127.0.0.1:8080, or neither.");
        }
        SiloSettings.CheckUrls("DashboardUrls", urls, "http://127.0.0.1:8080");
        if (password is null)
        {
            throw new SettingsException("Foretell:DashboardPasswordFile is missing, and the dashboard is not served without a password. Give the path of a file with one in it.");
        }
        if (password.Length < 12 || Encoding.UTF8.GetByteCount(password) > LongestPassword)
        {
            throw new SettingsException($"The password in the file that Foretell:DashboardPasswordFile names has {password.Length} characters. Give 12 or more, and at most {LongestPassword} bytes.");
        }
        return urls.Split(';').Select(BindingAddress.Parse).FirstOrDefault(address => !IsOfThisMachineAlone(address.Host)) is { } open
            ? throw new SettingsException($"Foretell:DashboardUrls has {open}, which others than this machine can reach, and the password would travel in the clear. Give an address such as http://127.0.0.1:8080, and come by a tunnel (kubectl port-forward, ssh -L).")
            : new DashboardSettings(urls, password);
    }

    private static bool IsOfThisMachineAlone(string host) =>
        host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? ip) && IPAddress.IsLoopback(ip));
}
