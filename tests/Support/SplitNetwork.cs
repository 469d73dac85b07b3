using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;

namespace Foretell.Support;

/// <summary>Network namespaces at one bridge, whose links can be cut and mended: every member reaches this process, and the other
/// ones.</summary>
/// <remarks>Linux only, as root. The addresses are those that RFC 2544 sets apart for tests of networks.</remarks>
public sealed class SplitNetwork : IAsyncDisposable
{
    private static readonly Lazy<string?> s_whyNot = new(FindWhyNot);

    private static int s_networks;

    private readonly string _name =
        string.Create(CultureInfo.InvariantCulture, $"ft{Environment.ProcessId:x}n{Interlocked.Increment(ref s_networks)}");
    private readonly string _subnet = FreeSubnet();
    private readonly int _members;

    private SplitNetwork(int members) => _members = members;

    /// <summary>Why this machine cannot have such a network; null when it can.</summary>
    public static string? WhyNot => s_whyNot.Value;

    /// <summary>This process's address in the network.</summary>
    public IPAddress Host => IPAddress.Parse($"{_subnet}.1");

    /// <summary>A member's address.</summary>
    public IPAddress Address(int member) => IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"{_subnet}.{member + 2}"));

    /// <summary>What runs a program as a member.</summary>
    public string[] Prefix(int member) => ["ip", "netns", "exec", Namespace(member)];

    /// <summary>The file that stands for a member's namespace, for whoever enters it by himself.</summary>
    public string NamespaceFile(int member) => $"/var/run/netns/{Namespace(member)}";

    /// <summary>Makes a network with members 0 and on.</summary>
    public static async Task<SplitNetwork> CreateAsync(int members)
    {
        var network = new SplitNetwork(members);
        try
        {
            await network.BuildAsync();
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>Members cannot reach each other any more, or can again. This process reaches them all the same.</summary>
    public async Task SeparateAsync(bool separated)
    {
        for (int member = 0; member < _members; member++)
        {
            await IpAsync("link", "set", Link(member), "type", "bridge_slave", "isolated", separated ? "on" : "off");
        }
    }

    /// <summary>One member reaches nobody any more, or everybody again.</summary>
    public Task CutAsync(int member, bool cut) => IpAsync("link", "set", Link(member), cut ? "down" : "up");

    public async ValueTask DisposeAsync()
    {
        // Whatever of it was made: what is not there cannot be removed, and that is all right.
        for (int member = 0; member < _members; member++)
        {
            await RunAsync("link", "del", Link(member));
            await RunAsync("netns", "del", Namespace(member));
        }
        await RunAsync("link", "del", Bridge);
    }

    private string Bridge => $"{_name}b";

    private string Namespace(int member) => $"{_name}-{member}";

    private string Link(int member) => $"{_name}v{member}";

    private async Task BuildAsync()
    {
        await IpAsync("link", "add", Bridge, "type", "bridge");
        await IpAsync("addr", "add", $"{Host}/24", "dev", Bridge);
        await IpAsync("link", "set", Bridge, "up");
        for (int member = 0; member < _members; member++)
        {
            string space = Namespace(member);
            await IpAsync("netns", "add", space);
            await IpAsync("link", "add", Link(member), "type", "veth", "peer", "name", "eth0", "netns", space);
            await IpAsync("link", "set", Link(member), "master", Bridge, "up");
            await IpAsync("-n", space, "addr", "add", $"{Address(member)}/24", "dev", "eth0");
            await IpAsync("-n", space, "link", "set", "lo", "up");
            await IpAsync("-n", space, "link", "set", "eth0", "up");
        }
    }

    private static string FreeSubnet()
    {
        HashSet<string> taken =
            [.. NetworkInterface.GetAllNetworkInterfaces().SelectMany(n => n.GetIPProperties().UnicastAddresses)
            .Select(a => a.Address.ToString())];
        return Enumerable.Range(0, 256)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"198.18.{(Environment.ProcessId + i) % 256}"))
            .First(subnet => !taken.Contains($"{subnet}.1"));
    }

    private static string? FindWhyNot()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "Network namespaces are Linux's.";
        }
        try
        {
            // Made and removed, since nothing else tells whether it is allowed.
            using Task<string> probe = Task.Run(async () =>
            {
                await using SplitNetwork network = await CreateAsync(1);
                await network.SeparateAsync(true);
                return "";
            });
            probe.GetAwaiter().GetResult();
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            return $"Network namespaces cannot be made here (they need root and the program 'ip'): {e.Message.Trim()}";
        }
    }

    private static async Task IpAsync(params string[] arguments)
    {
        (int exitCode, string errors) = await RunAsync(arguments);
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"'ip {string.Join(' ', arguments)}' failed: {errors.Trim()}");
        }
    }

    private static async Task<(int ExitCode, string Errors)> RunAsync(params string[] arguments)
    {
        using Process process =
            Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, errors);
    }
}
