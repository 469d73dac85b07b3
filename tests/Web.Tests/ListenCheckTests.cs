using System.Net;
using System.Net.Sockets;
using Foretell.Web.Http;

namespace Foretell.Web.Tests;

public sealed class ListenCheckTests
{
    [Theory]
    [InlineData("http://127.0.0.1:9464", "http://127.0.0.1:9464", true)]
    [InlineData("http://127.0.0.1:9464", "http://127.0.0.1:5080", false)]
    [InlineData("http://127.0.0.1:9464", "http://127.0.0.2:9464", false)]
    [InlineData("http://127.0.0.1:0", "http://127.0.0.1:0", false)]
    [InlineData("http://*:9464", "http://127.0.0.1:9464", true)]
    [InlineData("http://10.0.0.1:9464", "http://[::]:9464", true)]
    [InlineData("http://localhost:9464", "http://[::1]:9464", true)]
    [InlineData("http://localhost:9464", "http://10.0.0.1:9464", false)]
    [InlineData("http://127.0.0.1:1;http://127.0.0.1:9464", "http://127.0.0.1:5080;http://0.0.0.0:9464", true)]
    public void Overlap_WhenTwoServersWouldListen_SaysWhetherTheyCollide(string urls, string others, bool overlap)
    {
        Assert.Equal(overlap, ListenCheck.Overlap(urls, others));
        Assert.Equal(overlap, ListenCheck.Overlap(others, urls));
    }

    [Fact]
    public void Run_WhenAnotherProgramListens_SaysWhereAndWhatToDo()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        string url = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";

        Assert.Equal($"--metrics-urls is '{url}', and another program listens there. Stop it, or give another address (port 0 takes any free one).",
            Assert.Throws<IOException>(() => ListenCheck.Run("--metrics-urls", url)).Message);
    }

    [Theory]
    [InlineData("http://192.0.2.1:9464", "it is 'http://192.0.2.1:9464', where this machine cannot listen: *. Give an address of this machine.")]
    [InlineData("http://127.0.0.1:9464/metrics", "it is 'http://127.0.0.1:9464/metrics', and '/metrics' is no part of where to listen. Give addresses without a path.")]
    [InlineData("http://localhost:0", "it is 'http://localhost:0', and localhost stands for two addresses that cannot have one free port. Give 127.0.0.1.")]
    public void Run_WhenItCannotListen_SaysWhy(string urls, string sentence)
    {
        string[] parts = sentence.Split('*');
        string message = Assert.Throws<IOException>(() => ListenCheck.Run("it", urls)).Message;

        Assert.StartsWith(parts[0], message, StringComparison.Ordinal);
        Assert.EndsWith(parts[^1], message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_WhenItCan_HasLetGoOfThePort()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        string url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}";
        free.Stop();

        ListenCheck.Run("it", url);
        ListenCheck.Run("it", url + ";http://127.0.0.1:0");
    }
}
