namespace Foretell.Faults.Tests;

/// <summary>What random schedules have found, each told by itself.</summary>
public sealed class ScenarioTests
{
    [Theory]
    [InlineData("Log_WhenACommitWasLeftUnsyncedByAKill_IsMadeDurableBeforeItIsShown")]
    [InlineData("Log_WhenTheSystemForgotAFailedSync_KeepsWhatIsAcknowledgedLater")]
    [InlineData("Log_WhenAForgottenSyncIsShownByTheNextProcess_OutlivesThePowerCut")]
    [InlineData("Store_WhenTheLogCouldNotBeMadeDurable_WaitsForIt")]
    [InlineData("Log_WhenItsWriteAheadLogLandsElsewhereAtAStart_IsRefusedOrWhole")]
    [InlineData("Log_WhenItsWitnessMissedACommit_TellsItBeforeItIsShown")]
    [InlineData("Log_WhenAnAppendFails_LeavesItsFileAsItWas")]
    [InlineData("Store_WhenTheLogsNameMayNotLast_DoesNotTakeIt")]
    [InlineData("Log_WhenItsEndsCannotBeRead_LeavesNoFileOpen")]
    [InlineData("AlertLog_WhenItCannotBeOpened_LeavesNoFileOpen")]
    [InlineData("Partition_WhenItsFileCannotBeReadWhileRowsLoad_TriesAgain")]
    public async Task Scenario_WhenRun_HoldsItsPromise(string scenario) =>
        (await SimulatorProcess.RunAsync("scenario", scenario)).AssertHeld();
}
