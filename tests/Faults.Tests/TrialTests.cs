namespace Foretell.Faults.Tests;

/// <summary>One blow at each operation of a workload in turn: the platform comes back, and nothing acknowledged is lost.</summary>
public sealed class TrialTests
{
    [Theory]
    [InlineData("append", "fail")]
    [InlineData("append", "kill")]
    [InlineData("append", "power")]
    [InlineData("commit", "fail")]
    [InlineData("commit", "kill")]
    [InlineData("commit", "power")]
    [InlineData("restart", "fail")]
    [InlineData("restart", "kill")]
    [InlineData("restart", "power")]
    [InlineData("spread", "fail")]
    [InlineData("spread", "kill")]
    [InlineData("spread", "power")]
    [InlineData("trim", "fail")]
    [InlineData("trim", "kill")]
    [InlineData("trim", "power")]
    [InlineData("backup", "fail")]
    [InlineData("backup", "kill")]
    [InlineData("backup", "power")]
    [InlineData("restore", "fail")]
    [InlineData("restore", "kill")]
    [InlineData("restore", "power")]
    [InlineData("repair", "fail")]
    [InlineData("repair", "kill")]
    [InlineData("repair", "power")]
    [InlineData("rescue", "fail")]
    [InlineData("rescue", "kill")]
    [InlineData("rescue", "power")]
    public async Task Trial_WhenEachOperationOfTheDiskGetsTheBlow_BreaksNoPromise(string trial, string blow)
    {
        // To restore is to copy some files.
        int least = trial switch { "restore" => 15, "backup" or "repair" or "rescue" => 50, _ => 100 };
        SimulatorProcess run = (await SimulatorProcess.RunAsync("trial", trial, blow, "1", "0")).AssertHeld();

        Assert.StartsWith($"trial {trial} {blow} 1 ", run.Output);
        Assert.True(run.Numbers().Single().Value >= least, run.Output);
    }
}
