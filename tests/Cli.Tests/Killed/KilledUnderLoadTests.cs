using System.Globalization;

namespace Foretell.Cli.Tests.Killed;

/// <summary>Real hosts that are killed and robbed of their power under load lose nothing that they acknowledged, take nothing twice, and
/// have the states of an undisturbed one. FORETELL_KILLS=300 and FORETELL_POWER_CUTS=100 are the long forms.</summary>
public sealed class KilledUnderLoadTests(ITestOutputHelper output)
{
    private const int Seed = 20262;

    // A folder grows, and what is in it, is asked after each kill.
    private const int LivesOfAFolder = 10;

    [Theory]
    [InlineData(false, 4)]
    [InlineData(true, 4)]
    public async Task Host_WhenKilledUnderLoad_LosesNothingAcknowledgedAndTakesNothingTwice(bool values, int few)
    {
        int kills = Number("FORETELL_KILLS", few);
        var random = new Random(Seed);
        for (int left = kills; left > 0; left -= LivesOfAFolder)
        {
            using var host = new LoadedHost(random.Next(), values);
            for (int kill = 0; kill < Math.Min(left, LivesOfAFolder); kill++)
            {
                await (random.Next(4) == 0 ? host.BeginAsync([]) : host.LiveAsync([]));
            }
            Assert.Empty(await host.EndAsync([]));
            if (values)
            {
                // What a host scored is in its memory alone, so a new one scores all that is in the log.
                Assert.Empty(await host.RebuildAsync());
                output.WriteLine($"  {host.Labels} labels among them, each scored once");
            }
            Tell(host, Math.Min(left, LivesOfAFolder), "kills");
        }
    }

    [Fact]
    public async Task Host_WhenItsPowerIsCutUnderLoad_LosesNothingAcknowledgedAndTakesNothingTwice()
    {
        int cuts = Number("FORETELL_POWER_CUTS", 3);
        var random = new Random(Seed);
        for (int left = cuts; left > 0; left -= LivesOfAFolder)
        {
            using var host = new LoadedHost(random.Next());
            for (int cut = 0; cut < Math.Min(left, LivesOfAFolder); cut++)
            {
                if (random.Next(3) == 0)
                {
                    // What the system still has in memory of a process that was killed goes with the power of the next one.
                    await host.LiveAsync(host.Disk.NextProcess());
                    host.Disk.GoOn();
                }
                IEnumerable<(string, string)> next = host.Disk.NextProcess();
                await (random.Next(4) == 0 ? host.BeginAsync(next) : host.LiveAsync(next));
                host.Disk.LosePower(random);
            }
            Assert.Empty(await host.EndAsync([]));
            Tell(host, Math.Min(left, LivesOfAFolder), "power cuts");
            output.WriteLine($"  {host.Disk.Records} changes of files, {host.Disk.Unsynced} of them not synced when the power went");
        }
    }

    [Fact]
    public async Task Host_WhenItsDiskLiesAboutSyncs_LosesWhatWasAcknowledged()
    {
        using var host = new LoadedHost(Seed);
        Assert.Empty(await host.EndAsync(host.Disk.NextProcess(), batches: 10));
        host.Disk.LosePower(null);
        long kept = host.Acknowledged;

        Assert.Empty(await host.EndAsync(host.Disk.NextProcess(ignoresSyncs: true), batches: 10));
        host.Disk.LosePower(null);

        string wrong = Assert.Single(await host.EndAsync([]));
        Assert.StartsWith($"{host.Acknowledged} events were acknowledged", wrong);
        Assert.EndsWith($"; {kept} are in the log.", wrong);
    }

    [Fact]
    public async Task Journal_WhenAHostHasEnded_HasEveryChangeOfItsFolder()
    {
        using var host = new LoadedHost(Seed);
        for (int life = 0; life < 2; life++)
        {
            long before = host.Disk.Records;
            Assert.Empty(await host.EndAsync(host.Disk.NextProcess(), batches: 60));
            host.Disk.TakeIn();

            Assert.InRange(host.Disk.Records, before + 500, long.MaxValue);
            Assert.Empty(host.Disk.Differences());
        }
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : otherwise;

    private void Tell(LoadedHost host, int number, string what) =>
        output.WriteLine($"{number} {what}, {host.Acknowledged} events acknowledged, 0 lost, digest {host.Digest[..16]} as undisturbed");
}
