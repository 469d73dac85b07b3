using Foretell.Models.Monitoring;
using Foretell.Models.Network;

namespace Foretell.Engine.Rows;

/// <summary>One stream's state at one moment.</summary>
/// <param name="Stream">Stream key.</param>
/// <param name="Events">Events applied.</param>
/// <param name="LastEventTicks">Time of the latest event, 100 ns ticks since 1970.</param>
/// <param name="State">Copy of the row's floats, with its tail where states grow.</param>
/// <param name="Scores">How well its forecasts have done.</param>
public sealed record StreamSnapshot(string Stream, long Events, long LastEventTicks, float[] State, LiveScores Scores = default)
{
    /// <summary>The row that forecasts are made from: <see cref="State"/>, and where streams share what they show together a copy with
    /// that in it (<see cref="Foretell.Models.Stepping.Population.Serve"/>).</summary>
    public float[] Served { get; init; } = State;

    /// <summary>Bytes that one stream takes in slab and store (header and state, without its key).</summary>
    public int StateBytes => RowHeader.Bytes + State.Length * sizeof(float);

    /// <summary><see cref="StateDigest"/> of the state, lower-case hex. Costs more than all the rest of a question, so it is made
    /// where it is wanted.</summary>
    public string Digest(ForecastModel model) => Convert.ToHexStringLower(StateDigest.Compute(model, Events, LastEventTicks, State));
}
