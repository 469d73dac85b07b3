namespace Foretell.FakeHub;

/// <summary>AMQP error conditions that Event Hubs answers with, and the words it says them in.</summary>
public static class HubConditions
{
    public const string ServerBusy = "com.microsoft:server-busy";
    public const string Timeout = "com.microsoft:timeout";
    public const string ArgumentError = "com.microsoft:argument-error";
    public const string ArgumentOutOfRange = "com.microsoft:argument-out-of-range";
    public const string InvalidOffset = "com.microsoft:georeplication:invalid-offset";
    public const string OutOfOrderSequence = "com.microsoft:out-of-order-sequence";
    public const string ProducerEpochStolen = "com.microsoft:producer-epoch-stolen";
    public const string EntityDisabled = "com.microsoft:entity-disabled";
    public const string EntityUpdated = "com.microsoft:entity-updated";
    public const string LinkStolen = "amqp:link:stolen";
    public const string MessageSizeExceeded = "amqp:link:message-size-exceeded";
    public const string ResourceLimitExceeded = "amqp:resource-limit-exceeded";
    public const string UnauthorizedAccess = "amqp:unauthorized-access";
    public const string NotFound = "amqp:not-found";
    public const string NotAllowed = "amqp:not-allowed";
    public const string NotImplemented = "amqp:not-implemented";
    public const string IllegalState = "amqp:illegal-state";
    public const string InternalError = "amqp:internal-error";
    public const string DecodeError = "amqp:decode-error";

    /// <summary>A sentence for a condition that a test asked for.</summary>
    public static string Describe(string condition) => condition switch
    {
        ServerBusy =>
            "The request was terminated because the entity is being throttled. Error code : 50002. Please wait 4 seconds and try again.",
        Timeout => "The operation did not complete within the allotted time.",
        UnauthorizedAccess => "Unauthorized access. 'Send,Listen' claim(s) are required to perform this operation.",
        ResourceLimitExceeded => "The quota of this entity is used up.",
        NotFound => "The messaging entity could not be found. status-code: 404",
        EntityDisabled => "The messaging entity is currently disabled.",
        EntityUpdated => "Entity was updated.",
        _ => $"The endpoint was told to answer with {condition}.",
    };
}
