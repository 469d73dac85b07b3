using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Foretell.Ingest.Sources;

namespace Foretell.Ingest.Kafka;

/// <summary>What librdkafka's errors mean, in sentences.</summary>
internal static class KafkaFault
{
    /// <summary>The failure as the platform knows it.</summary>
    /// <param name="address">Whom it is about.</param>
    /// <param name="e">What was thrown.</param>
    /// <param name="last">The last error that belongs to no call, which is why calls get no answer; null for none.</param>
    public static SourceException Of(KafkaAddress address, Exception e, Error? last = null)
    {
        Error error = ErrorOf(e);
        // A call that got no answer says only that; why, the connection said.
        if (last is not null && error.Code is ErrorCode.Local_TimedOut or ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown)
        {
            error = last;
        }
        string text = Text(address, error);
        return error.Code switch
        {
            ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition or ErrorCode.TopicException =>
                new(SourceFault.NotFound, $"there is no {address}, or no such partition in it: {text} Check the names.", e),
            ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed => new(SourceFault.Refused,
                $"the brokers do not allow {address} to be read: {text} Reading needs the rights READ and DESCRIBE on the topic.", e),
            ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed or ErrorCode.UnsupportedSaslMechanism
                or ErrorCode.IllegalSaslState => new(SourceFault.Refused,
                $"the brokers refuse the credentials: {text} Check security.protocol and the settings that begin with sasl.", e),
            ErrorCode.Local_Ssl => new(SourceFault.Refused,
                $"no secure connection to {address.Brokers}: {text} Check security.protocol and the settings that begin with ssl.", e),
            ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange => new(SourceFault.Unavailable,
                $"{address} does not hold the next message any more, or not yet: {text} Where reading goes on is looked up again.", e),
            ErrorCode.Local_Resolve or ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_TimedOut =>
                new(SourceFault.Unavailable, $"{address.Brokers} cannot be reached: {text} Check the addresses, also those that the brokers "
                    + "advertise, the network and security.protocol.", e),
            _ => new(SourceFault.Unavailable, text, e),
        };
    }

    /// <summary>The failure of a partition whose name is no number.</summary>
    public static SourceException NoPartition(KafkaAddress address, string partition) =>
        new(SourceFault.NotFound, $"there is no partition '{partition}' in {address}: Kafka's are numbers from 0.");

    /// <summary>Which of two errors that belong to no call says better why calls get no answer.</summary>
    /// <param name="last">The one kept so far; null for none.</param>
    /// <param name="next">The one that came.</param>
    public static Error? Telling(Error? last, Error next) => next.Code switch
    {
        ErrorCode.Local_Ssl or ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed
            or ErrorCode.UnsupportedSaslMechanism => next,
        // Whoever refuses credentials also closes the connection.
        ErrorCode.Local_Transport or ErrorCode.Local_Resolve =>
            last is null || last.Code is ErrorCode.Local_Transport or ErrorCode.Local_Resolve ? next : last,
        _ => last,
    };

    // What was asked about one topic or partition is answered by that one's error.
    private static Error ErrorOf(Exception e) => e switch
    {
        DescribeTopicsException { Results.TopicDescriptions: [var topic, ..] } => topic.Error,
        ListOffsetsException { Result.ResultInfos: [var partition, ..] } => partition.TopicPartitionOffsetError.Error,
        KafkaException known => known.Error,
        _ => new Error(ErrorCode.Local_Fail, e.Message),
    };

    private static string Text(KafkaAddress address, Error error)
    {
        string text = address.Redacted(error.Reason);
        return text.EndsWith('.') ? text : text + ".";
    }
}
