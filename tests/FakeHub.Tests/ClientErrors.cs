using Azure.Messaging.EventHubs;
using static Azure.Messaging.EventHubs.EventHubsException.FailureReason;

namespace Foretell.FakeHub.Tests;

/// <summary>How the SDK shows the conditions of the service.</summary>
internal static class ClientErrors
{
    /// <summary>Condition, type of the exception, and its reason if it is an <see cref="EventHubsException"/>.</summary>
    public static TheoryData<string, Type, EventHubsException.FailureReason?> All => new()
    {
        { HubConditions.ServerBusy, typeof(EventHubsException), ServiceBusy },
        { HubConditions.Timeout, typeof(EventHubsException), ServiceTimeout },
        { HubConditions.LinkStolen, typeof(EventHubsException), ConsumerDisconnected },
        { HubConditions.ResourceLimitExceeded, typeof(EventHubsException), QuotaExceeded },
        { HubConditions.NotFound, typeof(EventHubsException), ResourceNotFound },
        { HubConditions.EntityDisabled, typeof(EventHubsException), ResourceNotFound },
        { HubConditions.ArgumentError, typeof(ArgumentException), null },
        { HubConditions.ArgumentOutOfRange, typeof(ArgumentOutOfRangeException), null },
        { HubConditions.InvalidOffset, typeof(FormatException), null },
        { HubConditions.UnauthorizedAccess, typeof(UnauthorizedAccessException), null },
        { HubConditions.NotAllowed, typeof(InvalidOperationException), null },
        { HubConditions.NotImplemented, typeof(NotSupportedException), null },
    };

    public static void Check(Exception? error, Type type, EventHubsException.FailureReason? reason)
    {
        Assert.IsType(type, error);
        Assert.Equal(reason, (error as EventHubsException)?.Reason);
        Assert.Equal(reason is ServiceBusy or ServiceTimeout, error is EventHubsException { IsTransient: true });
    }
}
