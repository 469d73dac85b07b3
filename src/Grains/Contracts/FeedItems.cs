using System.Runtime.InteropServices;
using Foretell.Engine.Alerts;
using Foretell.Engine.Feeds;

namespace Foretell.Grains.Contracts;

/// <summary>A stream's state right after one of its events, on its way to a gateway.</summary>
/// <param name="Stream">Stream key.</param>
/// <param name="Partition">Its partition.</param>
/// <param name="Epoch">Epoch of the shard that tells.</param>
/// <param name="Sequence">Sequence number of the event.</param>
/// <param name="Events">Events applied, this one included: they count without gaps, so that whoever listens sees what is missing.</param>
/// <param name="LastEventTicks">Time of the latest event.</param>
/// <param name="State">The row's floats, little-endian.</param>
[GenerateSerializer, Immutable, Alias("foretell.stream-change")]
public sealed record StreamChange(
    [property: Id(0)] string Stream,
    [property: Id(1)] int Partition,
    [property: Id(2)] long Epoch,
    [property: Id(3)] long Sequence,
    [property: Id(4)] long Events,
    [property: Id(5)] long LastEventTicks,
    [property: Id(6)] byte[] State)
{
    internal static StreamChange Of(ForecastChange change, long epoch) => new(change.Stream, change.Partition, epoch, change.Sequence,
        change.Events, change.LastEventTicks, MemoryMarshal.AsBytes(change.State.AsSpan()).ToArray());

    internal ForecastChange ToForecastChange() =>
        new(Stream, Partition, Sequence, Events, LastEventTicks, MemoryMarshal.Cast<byte, float>(State).ToArray());
}

/// <summary>What a shard answers to whoever wants to be told of a stream's changes.</summary>
/// <param name="Epoch">The shard's epoch.</param>
/// <param name="Now">Where the stream stands, or null when it has no applied event.</param>
[GenerateSerializer, Immutable, Alias("foretell.subscribed")]
public sealed record Subscribed(
    [property: Id(0)] long Epoch,
    [property: Id(1)] StreamChange? Now);

/// <summary>A raised alert; the fields are <see cref="Alert"/>'s.</summary>
/// <param name="Number">Its number; alerts are numbered without gaps.</param>
[GenerateSerializer, Immutable, Alias("foretell.alert")]
public sealed record AlertRow(
    [property: Id(0)] long Number,
    [property: Id(1)] string Stream,
    [property: Id(2)] long Events,
    [property: Id(3)] long LastEventTicks,
    [property: Id(4)] long AtTicks,
    [property: Id(5)] double LogSurvival,
    [property: Id(6)] double Threshold)
{
    internal static AlertRow Of(NumberedAlert raised) => new(raised.Number, raised.Alert.Stream, raised.Alert.Events,
        raised.Alert.LastEventTicks, raised.Alert.AtTicks, raised.Alert.LogSurvival, raised.Alert.Threshold);

    internal NumberedAlert ToNumberedAlert() => new(Number, new Alert(Stream, Events, LastEventTicks, AtTicks, LogSurvival, Threshold));
}
