using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Inputs;
using Foretell.Models.Mixers;
using Foretell.Models.Numerics;
using Foretell.Models.Stepping;

namespace Foretell.Models.Actions;

/// <summary>Episodes side by side in the recurrent form: each a row, advanced by what is hoped for, seen and done. One thread uses it at a
/// time.</summary>
public sealed unsafe class ActionStreams : IDisposable
{
    private readonly ActionModel _model;
    private readonly RowStore _rows;
    private readonly StepKernel _kernel;
    private readonly AlignedBuffer _features, _logits;
    private readonly long[] _events;

    /// <summary>Most episodes side by side.</summary>
    public const int Most = RowTile.MaxRows;

    /// <summary>Episodes before their first step.</summary>
    /// <param name="model">Their model.</param>
    /// <param name="episodes">1 to <see cref="Most"/>.</param>
    public ActionStreams(ActionModel model, int episodes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(episodes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(episodes, Most);
        _model = model;
        _rows = new RowStore(model.State, episodes);
        _rows.EnsureCapacity(episodes);
        _kernel = new StepKernel(model.Config, model.Layout, model.State, model.Weights);
        _features = new AlignedBuffer(Most * (long)ActionInput.StrideOf(model.Config.Actions!));
        _logits = new AlignedBuffer(model.Layout.Actions!.Weight.Stride);
        _events = new long[episodes];
    }

    /// <summary>Takes in what is hoped for and seen at the next step of some episodes, all at the same step.</summary>
    /// <param name="episodes">Which ones, each once.</param>
    /// <param name="returnsToGo">Rewards that each is to bring from this step on.</param>
    /// <param name="observations">What each sees. Shape [episodes][observations].</param>
    public void Observe(ReadOnlySpan<int> episodes, ReadOnlySpan<double> returnsToGo, ReadOnlySpan<double[]> observations)
    {
        ActionShape shape = _model.Config.Actions!;
        for (int i = 0; i < episodes.Length; i++)
        {
            ActionInput.WriteReturn(shape, StepOf(episodes[i]), returnsToGo[i], Features(i));
        }
        Advance(episodes);
        for (int i = 0; i < episodes.Length; i++)
        {
            ActionInput.WriteObservation(shape, StepOf(episodes[i]), observations[i], Features(i));
        }
        Advance(episodes);
    }

    /// <summary>Takes in what is done.</summary>
    /// <param name="episodes">Which ones, each once.</param>
    /// <param name="actions">What each does.</param>
    public void Act(ReadOnlySpan<int> episodes, ReadOnlySpan<int> actions)
    {
        for (int i = 0; i < episodes.Length; i++)
        {
            ActionInput.WriteAction(_model.Config.Actions!, StepOf(episodes[i]), actions[i], Features(i));
        }
        Advance(episodes);
    }

    /// <summary>Probabilities of an episode's next action, once it has seen what is there now. Shape [actions].</summary>
    public double[] Probabilities(int episode) => MarkHead.Probabilities(Logits(episode));

    /// <summary>An episode's likeliest next action, once it has seen what is there now.</summary>
    public int Likeliest(int episode) => MarkHead.Largest(Logits(episode));

    /// <inheritdoc/>
    public void Dispose()
    {
        _rows.Dispose();
        _kernel.Dispose();
        _features.Dispose();
        _logits.Dispose();
    }

    private int StepOf(int episode) => (int)(_events[episode] / ActionShape.EventsPerStep);

    private ReadOnlySpan<float> Logits(int episode)
    {
        LabelHead head = _model.Layout.Actions!;
        head.Logits(_model.Weights.Pointer, _rows.Row(episode) + _model.State.MixerFloats, _logits.Pointer, 1);
        return _logits.Span[..head.Labels];
    }

    private Span<float> Features(int i)
    {
        int stride = ActionInput.StrideOf(_model.Config.Actions!);
        return _features.Span.Slice(i * stride, stride);
    }

    private void Advance(ReadOnlySpan<int> episodes)
    {
        Span<StepInput> inputs = stackalloc StepInput[episodes.Length];
        float** rows = stackalloc float*[episodes.Length], tails = stackalloc float*[episodes.Length];
        for (int i = 0; i < episodes.Length; i++)
        {
            int episode = episodes[i];
            inputs[i] = new StepInput(episode, _model.Config.UnknownMark, 1, _events[episode]++);
            rows[i] = _rows.Row(episode);
            tails[i] = _rows.TailForNext(episode);
        }
        _kernel.Advance(inputs, new RowTile(rows, tails), _features.Pointer);
    }
}
