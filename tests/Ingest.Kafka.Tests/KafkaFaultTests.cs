using Confluent.Kafka;
using Foretell.Ingest.Sources;

namespace Foretell.Ingest.Kafka.Tests;

public sealed class KafkaFaultTests
{
    private static readonly KafkaAddress s_address = KafkaAddress.Parse("kafka-1:9092/orders");

    [Theory]
    [InlineData(ErrorCode.UnknownTopicOrPart, SourceFault.NotFound, "Check the names")]
    [InlineData(ErrorCode.TopicAuthorizationFailed, SourceFault.Refused, "READ and DESCRIBE")]
    [InlineData(ErrorCode.SaslAuthenticationFailed, SourceFault.Refused, "begin with sasl")]
    [InlineData(ErrorCode.Local_Ssl, SourceFault.Refused, "begin with ssl")]
    [InlineData(ErrorCode.Local_AutoOffsetReset, SourceFault.Unavailable, "looked up again")]
    [InlineData(ErrorCode.Local_Resolve, SourceFault.Unavailable, "kafka-1:9092 cannot be reached")]
    [InlineData(ErrorCode.NotLeaderForPartition, SourceFault.Unavailable, "what librdkafka says.")]
    public void Of_AnError_SaysWhatToDo(ErrorCode code, SourceFault fault, string sentence)
    {
        SourceException e = KafkaFault.Of(s_address, new KafkaException(new Error(code, "what librdkafka says")));

        Assert.Equal(fault, e.Fault);
        Assert.Contains(sentence, e.Message);
        Assert.Contains("what librdkafka says.", e.Message);
    }

    [Fact]
    public void Of_ACallWithoutAnAnswer_SaysWhyThereIsNone()
    {
        var late = new KafkaException(new Error(ErrorCode.Local_TimedOut, "timed out"));
        Error? last = null;
        foreach (ErrorCode code in (ErrorCode[])[ErrorCode.Local_Transport, ErrorCode.Local_Authentication, ErrorCode.Local_Transport,
            ErrorCode.Local_AllBrokersDown])
        {
            last = KafkaFault.Telling(last, new Error(code, $"{code}"));
        }

        Assert.Equal(SourceFault.Unavailable, KafkaFault.Of(s_address, late).Fault);
        Assert.Equal(SourceFault.Refused, KafkaFault.Of(s_address, late, last).Fault);
        // What was answered stays what it is.
        Assert.Equal(SourceFault.NotFound,
            KafkaFault.Of(s_address, new KafkaException(new Error(ErrorCode.UnknownTopicOrPart)), last).Fault);
    }
}
