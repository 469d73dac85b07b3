using System.Security.Cryptography;
using Foretell.Models.Network;
using Foretell.Silo.Settings;
using Foretell.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Foretell.Silo.Tests;

public sealed class ModelSourceTests : IAsyncLifetime
{
    private readonly TemporaryFolder _directory = new();
    private WebApplication _web = null!;
    private byte[] _file = [];

    public async ValueTask InitializeAsync()
    {
        Small.Model.Save(_directory.At("model.safetensors"));
        _file = await File.ReadAllBytesAsync(_directory.At("model.safetensors"));
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _web = builder.Build();
        _web.MapGet("/model", () => Results.Bytes(_file));
        _web.MapGet("/text", () => "no model");
        await _web.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Load_OfAFileOrAnAddress_GivesTheSameModel()
    {
        ForecastModel file = await ModelSource.LoadAsync(_directory.At("model.safetensors"));
        ForecastModel web = await ModelSource.LoadAsync($"{Url}/model#sha256={Sha(_file).ToUpperInvariant()}");

        Assert.Equal((Small.Model.Id, Small.Model.Id), (file.Id, web.Id));
    }

    [Fact]
    public async Task Load_OfWhatCannotBeRead_SaysWhatToDo()
    {
        await AssertAsync($"{Url}/model", "a web address without a checksum. Write #sha256=");
        await AssertAsync($"{Url}/model#sha256=12", "a web address without a checksum");
        await AssertAsync($"{Url}/model#sha256={new string('0', 64)}", $"has the SHA-256 {Sha(_file)}. Give the checksum of the file that is meant");
        await AssertAsync($"{Url}/nothing#sha256={new string('0', 64)}", "which cannot be read: Response status code does not indicate success: 404");
        await AssertAsync($"{Url}/text#sha256={Sha("no model"u8)}", "Cannot read the model");
        await AssertAsync("http://127.0.0.1:1/x#sha256=" + new string('0', 64), "which cannot be read");
        await AssertAsync(_directory.At("missing"), "which cannot be read");
    }

    private string Url => _web.Urls.Single();

    private static string Sha(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static async Task AssertAsync(string model, string sentence) => Assert.Contains(sentence,
        (await Assert.ThrowsAsync<SettingsException>(() => ModelSource.LoadAsync(model))).Message, StringComparison.Ordinal);
}
