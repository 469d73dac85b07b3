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
    public async Task Trial_WhenEachOperationOfTheDiskGetsTheBlow_BreaksNoPromise(string trial, string blow)
    {
        SimulatorProcess run = (await SimulatorProcess.RunAsync("trial", trial, blow, "1", "0")).AssertHeld();

        Assert.StartsWith($"trial {trial} {blow} 1 ", run.Output);
        Assert.True(run.Numbers().Single().Value > 100, run.Output);
    }
}
