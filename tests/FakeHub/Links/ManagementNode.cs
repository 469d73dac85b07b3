using System.Globalization;
using Foretell.FakeHub.Log;
using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Encoding;

namespace Foretell.FakeHub.Links;

/// <summary>The node $management: says what hubs and partitions there are, and what they hold.</summary>
internal static class ManagementNode
{
    private const string HubType = "com.microsoft:eventhub", PartitionType = "com.microsoft:partition";

    public static AmqpMessage Answer(AmqpMessage request, HubEndpoint endpoint)
    {
        try
        {
            CheckToken(request, endpoint);
            return RequestLink.Answer(200, "OK", Read(request, endpoint));
        }
        catch (HubException refusal)
        {
            return RequestLink.Answer(refusal.Condition == HubConditions.UnauthorizedAccess ? 401 : 404, refusal.Message, new AmqpMap(),
                refusal.Condition);
        }
    }

    // Requests carry their token with them; no link of this node needs one.
    private static void CheckToken(AmqpMessage request, HubEndpoint endpoint)
    {
        string? token = RequestLink.Property(request, "security_token");
        if (token is not null || endpoint.Tokens.IsRequired)
        {
            endpoint.Tokens.CheckRequest(token);
        }
    }

    private static AmqpMap Read(AmqpMessage request, HubEndpoint endpoint)
    {
        string name = RequestLink.Property(request, "name") ?? "";
        string? type = RequestLink.Property(request, "type");
        Hub hub = endpoint.Find(name) ?? throw NotFound(endpoint, name);
        return type switch
        {
            HubType => OfHub(hub),
            PartitionType => OfPartition(hub, Partition(request, hub) ?? throw NotFound(endpoint, name)),
            _ => throw NotFound(endpoint, $"{name} ({type})"),
        };
    }

    private static AmqpMap OfHub(Hub hub)
    {
        HubPartition[] partitions = [.. hub.Partitions];
        return new AmqpMap
        {
            [new MapKey("name")] = hub.Name,
            [new MapKey("type")] = HubType,
            [new MapKey("created_at")] = hub.CreatedOn.UtcDateTime,
            [new MapKey("partition_count")] = partitions.Length,
            [new MapKey("partition_ids")] = partitions.Select(p => p.Id.ToString(CultureInfo.InvariantCulture)).ToArray(),
            [new MapKey("georeplication_factor")] = hub.IsGeoReplicated ? 2 : 1,
        };
    }

    private static AmqpMap OfPartition(Hub hub, HubPartition partition)
    {
        PartitionState state = partition.Properties;
        return new AmqpMap
        {
            [new MapKey("name")] = hub.Name,
            [new MapKey("type")] = PartitionType,
            [new MapKey("partition")] = partition.Id.ToString(CultureInfo.InvariantCulture),
            [new MapKey("begin_sequence_number")] = state.Beginning,
            [new MapKey("last_enqueued_sequence_number")] = state.Last,
            [new MapKey("last_enqueued_offset")] = state.LastOffset,
            [new MapKey("last_enqueued_time_utc")] = DateTimeOffset.FromUnixTimeMilliseconds(state.LastTime).UtcDateTime,
            [new MapKey("is_partition_empty")] = state.Count == 0,
        };
    }

    private static HubPartition? Partition(AmqpMessage request, Hub hub) =>
        hub.Partitions.FirstOrDefault(p =>
            p.Id.ToString(CultureInfo.InvariantCulture) == RequestLink.Property(request, "partition"));

    private static HubException NotFound(HubEndpoint endpoint, string name) => new(HubConditions.NotFound,
        $"The messaging entity 'sb://{endpoint.Options.Namespace}/{name}' could not be found. status-code: 404");
}
