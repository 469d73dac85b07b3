using Foretell.Models.Configuration;
using Foretell.Models.Inputs;

namespace Foretell.Models.Training;

/// <summary>An episode as the network reads it: return-to-go, observation and action of each step, and behind each observation the action
/// that was chosen.</summary>
internal sealed class EncodedEpisode
{
    /// <param name="shape">What is read.</param>
    /// <param name="returnsToGo">Rewards from each step on. Shape [steps].</param>
    /// <param name="observations">What was seen. Shape [steps][observations].</param>
    /// <param name="actions">What was done. Shape [steps].</param>
    public EncodedEpisode(ActionShape shape, IReadOnlyList<double> returnsToGo, IReadOnlyList<double[]> observations,
        IReadOnlyList<int> actions)
    {
        int stride = ActionInput.StrideOf(shape);
        Count = ActionShape.EventsPerStep * actions.Count;
        Features = new float[Count * stride];
        Chosen = new int[Count];
        Array.Fill(Chosen, -1);
        for (int t = 0, row = 0; t < actions.Count; t++, row += ActionShape.EventsPerStep)
        {
            ActionInput.WriteReturn(shape, t, returnsToGo[t], Row(row));
            ActionInput.WriteObservation(shape, t, observations[t], Row(row + 1));
            ActionInput.WriteAction(shape, t, actions[t], Row(row + 2));
            Chosen[RowOf(t)] = actions[t];
        }

        Span<float> Row(int row) => Features.AsSpan(row * stride, stride);
    }

    /// <summary>Events: three a step.</summary>
    public int Count { get; }

    /// <summary>Shape [count, stride of the input].</summary>
    public float[] Features { get; }

    /// <summary>Action that is chosen behind each event; -1 where none is. Shape [count].</summary>
    public int[] Chosen { get; }

    /// <summary>The event behind which a step's action is chosen: its observation.</summary>
    public static int RowOf(int step) => ActionShape.EventsPerStep * step + 1;
}
