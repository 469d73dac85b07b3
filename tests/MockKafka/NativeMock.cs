using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Foretell.MockKafka;

/// <summary>What librdkafka offers for its mock cluster (rdkafka_mock.h); the .NET client leads to none of it.</summary>
internal static partial class NativeMock
{
    private const string Name = "librdkafka";

    // The client's own order: the first build needs a libsasl2 that not every system has.
    private static readonly string[] s_builds = [Name, "centos8-librdkafka", "alpine-librdkafka"];

    static NativeMock() => NativeLibrary.SetDllImportResolver(typeof(NativeMock).Assembly, Resolve);

    [LibraryImport(Name, EntryPoint = "rd_kafka_conf_new")]
    public static partial nint NewConfiguration();

    [LibraryImport(Name, EntryPoint = "rd_kafka_conf_set", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Set(nint configuration, string name, string value, byte[] error, nuint errorLength);

    [LibraryImport(Name, EntryPoint = "rd_kafka_new")]
    public static partial nint NewClient(int kind, nint configuration, byte[] error, nuint errorLength);

    [LibraryImport(Name, EntryPoint = "rd_kafka_destroy")]
    public static partial void DestroyClient(nint client);

    [LibraryImport(Name, EntryPoint = "rd_kafka_mock_cluster_new")]
    public static partial nint NewCluster(nint client, int brokers);

    [LibraryImport(Name, EntryPoint = "rd_kafka_mock_cluster_destroy")]
    public static partial void DestroyCluster(nint cluster);

    [LibraryImport(Name, EntryPoint = "rd_kafka_mock_cluster_bootstraps")]
    public static partial nint Bootstraps(nint cluster);

    [LibraryImport(Name, EntryPoint = "rd_kafka_mock_set_controller_id")]
    public static partial int SetController(nint cluster, int broker);

    [LibraryImport(Name, EntryPoint = "rd_kafka_mock_topic_create", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int CreateTopic(nint cluster, string topic, int partitions, int replicas);

    [LibraryImport(Name, EntryPoint = "rd_kafka_mock_topic_delete", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int DeleteTopic(nint cluster, string topic);

    [LibraryImport(Name, EntryPoint = "rd_kafka_mock_partition_delete_records", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int DeleteRecords(nint cluster, string topic, int partition, long before);

    [LibraryImport(Name, EntryPoint = "rd_kafka_mock_set_apiversion")]
    public static partial int SetVersions(nint cluster, short request, short oldest, short newest);

    [LibraryImport(Name, EntryPoint = "rd_kafka_mock_broker_set_down")]
    public static partial int SetDown(nint cluster, int broker);

    [LibraryImport(Name, EntryPoint = "rd_kafka_mock_broker_set_up")]
    public static partial int SetUp(nint cluster, int broker);

    [LibraryImport(Name, EntryPoint = "rd_kafka_mock_push_request_errors_array")]
    public static partial void PushErrors(nint cluster, short request, nuint count, int[] errors);

    [LibraryImport(Name, EntryPoint = "rd_kafka_mock_clear_request_errors")]
    public static partial void ClearErrors(nint cluster, short request);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        foreach (string build in name == Name ? s_builds : [])
        {
            if (NativeLibrary.TryLoad(build, typeof(Library).Assembly, path, out nint handle))
            {
                return handle;
            }
        }
        return 0;
    }
}
